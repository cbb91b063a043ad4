/**
 * The settings of mariadbd that Shardwright gives a value: what the user writes for them is not used. One table with
 * the reason for each, so that "why is this set?" has one place to look. What nobody may set is in the table of the
 * API, which refuses it when a cluster is applied; configuration.ts drops both.
 * Sources: MariaDB's documentation of each variable, and measurements on 10.11 and 11.8.
 */
import type { BootOrder } from '../boot.ts';
import type { MemberOptions } from '../member.ts';
import { BINARY_LOG_NAME, layoutOf, RELAY_LOG_NAME } from './layout.ts';

/** What a setting's value depends on. */
export interface SettingContext {
  readonly member: MemberOptions;
  readonly order: BootOrder;
  readonly port: number;
}

/** One owned setting. */
export interface OwnedSetting {
  /** Canonical name: lower case, underscores. */
  readonly name: string;
  readonly value: string | ((context: SettingContext) => string);
  readonly reason: string;
}

/** Lets a commit wait for its acknowledgement practically for ever (milliseconds, about 41 days). */
const NO_ACKNOWLEDGEMENT_TIMEOUT = '3600000000';

/**
 * The identity of a member in the log of changes: distinct within a cluster, never 0.
 * Room for a thousand members a shard.
 */
export function serverId({ shard, ordinal }: Pick<MemberOptions, 'shard' | 'ordinal'>): number {
  return shard * 1000 + ordinal + 1;
}

const set = (name: string, value: OwnedSetting['value'], reason: string): OwnedSetting => ({
  name,
  value,
  reason,
});

const DURABILITY = 'an acknowledged commit must survive the death of the process and of the machine';
const ONE_HISTORY = 'every member must log the same transactions, or positions mean nothing';
const FILTER = 'a replica that skips changes is no copy, and losing the primary then loses data';
const PLACE = 'the agent finds the files and the server here';
const ENCRYPTION = 'replication, clients and agents use the certificates of the cluster';

export const OWNED_SETTINGS: readonly OwnedSetting[] = [
  set('datadir', ({ member }) => layoutOf(member).data, PLACE),
  set('socket', ({ member }) => layoutOf(member).socket, PLACE),
  set('pid_file', ({ member }) => `${member.memoryPath}/mariadbd.pid`, PLACE),
  set('port', ({ port }) => String(port), PLACE),
  set('bind_address', '*', 'Services, replicas and routers reach the server at the address of its pod'),
  set('skip_name_resolve', 'ON', 'a slow name server must not delay or refuse a connection'),

  set('server_id', ({ member }) => String(serverId(member)), 'two members of one identity drop changes'),
  set('gtid_domain_id', ({ member }) => String(member.shard), 'one history a shard, whoever is its primary'),
  set('gtid_strict_mode', 'ON', 'refuses a second history instead of mixing it in'),
  set('log_bin', ({ member }) => `${layoutOf(member).data}/${BINARY_LOG_NAME}`, ONE_HISTORY),
  set('log_bin_index', ({ member }) => `${layoutOf(member).data}/${BINARY_LOG_NAME}.index`, ONE_HISTORY),
  set('log_slave_updates', 'ON', 'any replica may become the primary and serve the others'),
  set('binlog_format', 'ROW', 'statements may yield other rows on a replica'),
  set('binlog_row_image', 'FULL', 'rows are verified, forwarded and undone by their full content'),
  set('binlog_checksum', 'CRC32', 'a damaged log is noticed, not replicated'),
  set('max_binlog_size', '268435456', 'retention discards whole files: 256 MiB is its grain'),
  set('sync_binlog', '1', DURABILITY),
  set('innodb_flush_log_at_trx_commit', '1', DURABILITY),
  set('innodb_doublewrite', 'ON', DURABILITY),
  set('expire_logs_days', '0', 'retention knows what replicas still need, the clock does not'),
  set('binlog_expire_logs_seconds', '0', 'retention knows what replicas still need, the clock does not'),
  set('slave_exec_mode', 'STRICT', FILTER),
  // What a program does is logged as rows; without this only an administrator could make a trigger or a function.
  set('log_bin_trust_function_creators', 'ON', 'users make triggers and functions with the rights they have'),

  set('read_only', 'ON', 'every server boots closed; only a promotion opens one'),
  set('skip_slave_start', 'ON', 'starting replication at boot discards received changes not yet applied'),
  set('relay_log', ({ member }) => `${layoutOf(member).data}/${RELAY_LOG_NAME}`, PLACE),
  set('relay_log_index', ({ member }) => `${layoutOf(member).data}/${RELAY_LOG_NAME}.index`, PLACE),
  set('relay_log_recovery', 'OFF', 'it discards received changes that the dead primary acknowledged'),
  set('relay_log_purge', 'ON', 'applied relay logs are of no use'),
  set('slave_parallel_threads', '4', 'a promotion waits for what is not applied: 69 ms instead of 1.3 s'),
  set('slave_parallel_mode', 'optimistic', 'a promotion waits for what is not applied'),
  // Not less: a replica that is told to stop while it still waits for its lost source is free within a second, and one
  // that tries to reach it again has to wait for that as well.
  set('slave_net_timeout', '2', 'stopping to receive from a frozen primary takes as long: 59 s by default'),
  set('master_retry_count', '0', 'a replica cut off for long goes on by itself when its source is back'),
  set(
    'init_rpl_role',
    ({ order }) => (order.role === 'primary' || order.keepsLog === true ? 'MASTER' : 'SLAVE'),
    'decides the fate of unacknowledged transactions at the start',
  ),
  set(
    'rpl_semi_sync_master_enabled',
    ({ order }) => (order.role === 'primary' && order.acknowledgement === 'oneReplica' ? 'ON' : 'OFF'),
    'on a replica it would block applying',
  ),
  set('rpl_semi_sync_slave_enabled', 'ON', 'every replica acknowledges what it has received'),
  set('rpl_semi_sync_master_wait_point', 'AFTER_SYNC', 'nobody reads a row that a promotion may drop'),
  set('rpl_semi_sync_master_timeout', NO_ACKNOWLEDGEMENT_TIMEOUT, 'giving up waiting is losing data'),
  set('rpl_semi_sync_master_wait_no_slave', 'ON', 'going on without a replica is losing data'),
  set(
    'rpl_semi_sync_slave_kill_conn_timeout',
    '1',
    'stopping to receive from a frozen primary takes as long',
  ),

  set('ssl_ca', ({ member }) => member.tls.authority, ENCRYPTION),
  set('ssl_cert', ({ member }) => member.tls.certificate, ENCRYPTION),
  set('ssl_key', ({ member }) => member.tls.key, ENCRYPTION),
];

const BY_NAME = new Map(OWNED_SETTINGS.map((setting) => [setting.name, setting]));

/** Words that mariadbd takes before an option's name. Source: https://mariadb.com/kb/en/mariadbd-options/ */
const PREFIXES = ['loose_', 'skip_', 'disable_', 'enable_', 'maximum_', 'autoset_'];

/** The owned setting that an option name stands for, in any of mariadbd's spellings; undefined for others. */
export function ownedSetting(option: string): OwnedSetting | undefined {
  let name = option.toLowerCase().replaceAll('-', '_');
  for (;;) {
    const owned = BY_NAME.get(name) ?? byUnambiguousStart(name);
    if (owned !== undefined) {
      return owned;
    }
    const prefix = PREFIXES.find((prefix) => name.startsWith(prefix));
    if (prefix === undefined) {
      return undefined;
    }
    name = name.slice(prefix.length);
  }
}

/** mariadbd takes any unambiguous beginning of an option's name. */
function byUnambiguousStart(name: string): OwnedSetting | undefined {
  return OWNED_SETTINGS.find((setting) => setting.name.startsWith(name));
}
