/**
 * Server variables that the operator owns. `spec.config` may not set them: most would lose acknowledged writes or
 * break replication silently, the others would make a pod unreachable or unable to start. One table, each entry
 * with its reason; a `*` at the end stands for every variable that begins like that.
 */

/** Variables with one reason in common. */
export interface OwnedVariables {
  /** Says, after "which", why; ends with what to do instead. */
  readonly reason: string;
  /** Names as in `SHOW VARIABLES`, with underscores. */
  readonly variables: readonly string[];
}

export const OWNED_VARIABLES: readonly OwnedVariables[] = [
  {
    reason: 'identifies the server to its replicas and must differ on each: remove the line',
    variables: ['server_id', 'report_host', 'report_port', 'report_user', 'report_password'],
  },
  {
    reason:
      'decides what the binary log holds, from which replicas and moves of slots are fed: remove the line',
    variables: [
      'log_bin',
      'log_bin_index',
      'log_bin_trust_function_creators',
      'log_basename',
      'log_slave_updates',
      'max_binlog_size',
      'binlog_format',
      'binlog_row_image',
      'binlog_row_metadata',
      'binlog_annotate_row_events',
      'binlog_checksum',
      'binlog_do_db',
      'binlog_ignore_db',
      'encrypt_binlog',
      'master_verify_checksum',
    ],
  },
  {
    reason:
      'purges binary logs that a replica may still need: remove the line, since what no replica needs is discarded without it',
    variables: [
      'expire_logs_days',
      'binlog_expire_logs_seconds',
      'max_binlog_total_size',
      'binlog_space_limit',
      'slave_connections_needed_for_purge',
    ],
  },
  {
    reason: 'rests with the operator, as promotions compare positions by it: remove the line',
    variables: ['gtid_*'],
  },
  {
    reason:
      'would let a primary acknowledge writes that no replica holds: remove the line, and choose with spec.failover.policy',
    variables: ['rpl_semi_sync_*', 'init_rpl_role'],
  },
  {
    reason:
      'would make replicas differ from their primary, or lose writes they had received: remove the line',
    variables: [
      'skip_slave_start',
      'slave_exec_mode',
      'slave_ddl_exec_mode',
      'slave_type_conversions',
      'slave_skip_errors',
      'slave_net_timeout',
      'slave_run_triggers_for_rbr',
      'slave_sql_verify_checksum',
      'slave_transaction_retries',
      'replicate_*',
      'relay_log*',
      'master_info_file',
      'sync_master_info',
      'master_retry_count',
      'init_slave',
    ],
  },
  {
    reason: 'decides how fast a replica catches up, which a promotion waits for: remove the line',
    variables: ['slave_parallel_*'],
  },
  {
    reason:
      'keeps two servers of a shard from taking writes at once, and changes with each promotion: remove the line',
    variables: ['read_only', 'innodb_read_only', 'transaction_read_only', 'tx_read_only'],
  },
  {
    reason: 'would lose acknowledged writes in a crash: remove the line',
    variables: [
      'sync_binlog',
      'innodb_flush_log_at_trx_commit',
      'innodb_doublewrite',
      'innodb_flush_method',
      'debug_no_sync',
      'innodb_force_recovery',
      'tc_heuristic_recover',
    ],
  },
  {
    reason: 'is an address that Services, agents and other members expect: remove the line',
    variables: [
      'port',
      'socket',
      'bind_address',
      'extra_port',
      'extra_max_connections',
      'networking',
      'skip_networking',
      'skip_name_resolve',
    ],
  },
  {
    reason: 'belongs to the certificates the operator makes and renews: remove the line, and use spec.tls',
    variables: ['ssl', 'ssl_*', 'tls_version', 'require_secure_transport'],
  },
  {
    reason: 'is a place inside the pod that other parts of it rely on: remove the line',
    variables: [
      'datadir',
      'basedir',
      'tmpdir',
      'slave_load_tmpdir',
      'chroot',
      'pid_file',
      'log_error',
      'secure_file_priv',
      'innodb_data_home_dir',
      'innodb_data_file_path',
      'innodb_log_group_home_dir',
      'innodb_undo_directory',
      'aria_log_dir_path',
    ],
  },
  {
    reason:
      'changes what runs in the server before the operator knows of it: remove the line, and use SQL once it runs',
    variables: ['plugin_load*', 'plugin_dir', 'init_file', 'bootstrap'],
  },
  {
    reason: 'decides who may do what, which the operator keeps in grants and the pod’s user: remove the line',
    variables: ['grant_tables', 'skip_grant_tables', 'user'],
  },
  {
    reason:
      'would lock agents, replicas and applications out when their passwords come of age: remove the line, and give Secrets other ' +
      'passwords when you like',
    variables: ['default_password_lifetime'],
  },
  {
    reason: 'would stop a replica at a transaction that its primary has taken: remove the line',
    variables: ['slave_max_allowed_packet', 'slave_max_statement_time'],
  },
  {
    reason: 'lets clients claim the address of another: remove the line',
    variables: ['proxy_protocol_networks'],
  },
  {
    reason: 'turns off the only storage engine whose rows survive a crash and a promotion: remove the line',
    variables: ['innodb'],
  },
  {
    reason: 'hides databases from what copies and verifies them: remove the line',
    variables: ['ignore_db_dirs'],
  },
  {
    reason:
      'would leave statements uncommitted that their sender takes for done: remove the line, and set it in the session',
    variables: ['autocommit'],
  },
  {
    reason:
      'cannot differ between servers nor change later: remove the line, and write table names in one case',
    variables: ['lower_case_table_names'],
  },
  {
    reason: 'turns on Galera, which excludes the replication used here: remove the line',
    variables: ['wsrep_*'],
  },
];

/** Prefixes an option file allows before a name, in any order and number. */
const PREFIXES = ['loose', 'skip', 'disable', 'enable', 'maximum', 'autoset'] as const;

/**
 * Fewest letters of a name that are taken for an abbreviation of it. MariaDB accepts any unambiguous one
 * (`server-i=7` sets `server_id`, seen on 11.8). A shortened name that no option bears in full either sets the
 * owned variable or, being ambiguous, keeps the server from starting: both are worth refusing. `innodb` alone is
 * an option of its own, the only one that is the beginning of other owned names, and has its own entry.
 */
const SHORTEST_ABBREVIATION = 3;
const INNODB_PREFIX = 'innodb_';

/** `-` and `_` are the same. */
function spell(text: string): string {
  return text.replaceAll('_', '[-_]');
}

/** The name as an option file may spell it: the end may be missing. */
function spellings(variable: string): string {
  if (variable.endsWith('*')) {
    return `${spell(variable.slice(0, -1))}[-_a-z0-9]*`;
  }
  const shortest = variable.startsWith(INNODB_PREFIX) ? INNODB_PREFIX.length + 1 : SHORTEST_ABBREVIATION;
  const optionalEnd = variable
    .slice(shortest)
    .split('')
    .reduceRight((rest, character) => `(?:${spell(character)}${rest})?`, '');
  return spell(variable.slice(0, shortest)) + optionalEnd;
}

/**
 * Expression (RE2, also valid in JavaScript but for the leading flags) that finds a line of an option file which
 * sets one of the variables, however it is spelled: upper or lower case, `-` or `_`, behind blanks or `--`, with
 * prefixes, cut short.
 */
export function settingPattern(variables: readonly string[]): string {
  const names = variables.map(spellings).join('|');
  return `(?im)^[\\s\\v]*(?:--)?(?:(?:${PREFIXES.join('|')})[-_])*(?:${names})(?:[^-_a-z0-9]|$)`;
}
