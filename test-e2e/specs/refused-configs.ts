/** my.cnf texts that set what the operator owns, in every spelling an option file allows. */
import { type RefusedSpec, withTwoShards } from './refused-spec.ts';

/** `[line, name as the answer must repeat it]` */
const LINES: readonly (readonly [line: string, name: string])[] = [
  ['server_id=7', 'server_id'],
  ['server-id = 7', 'server-id'],
  ['  Server-ID=7', 'Server-ID'],
  ['server-i=7', 'server-i'],
  ['loose-server_id=7', 'loose-server_id'],
  ['loose_skip-log_bin', 'loose_skip-log_bin'],
  ['skip-log-bin # not needed', 'skip-log-bin'],
  ['disable-log-slave-updates', 'disable-log-slave-updates'],
  ['binlog_format=STATEMENT', 'binlog_format'],
  ['gtid_domain_id=1', 'gtid_domain_id'],
  ['rpl-semi-sync-master-timeout=1000', 'rpl-semi-sync-master-timeout'],
  ['read_only', 'read_only'],
  ['skip-slave-start=OFF', 'skip-slave-start'],
  ['sync_binlog=0', 'sync_binlog'],
  ['innodb-flush_log-at_trx_commit=2', 'innodb-flush_log-at_trx_commit'],
  ['maximum-port=1', 'maximum-port'],
  ['bind-address=127.0.0.1', 'bind-address'],
  ['ssl_cert=/tmp/cert.pem', 'ssl_cert'],
  ['datadir=/data', 'datadir'],
  ['plugin-load-add=ha_spider', 'plugin-load-add'],
  ['relay_log_space_limit=1', 'relay_log_space_limit'],
  ['replicate-do-db=app', 'replicate-do-db'],
  ['wsrep_on=ON', 'wsrep_on'],
  ['expire_logs_days=1', 'expire_logs_days'],
  ['skip-grant-tables', 'skip-grant-tables'],
];

/** Settings refused, each behind harmless lines, so that position does not matter. */
export const REFUSED_CONFIGS: readonly RefusedSpec[] = [
  ...LINES.map(([line, name]): RefusedSpec => ({
    attempt: `config with the line ${JSON.stringify(line)}`,
    spec: withTwoShards({
      config: `[mariadbd]\n# server_id is ours\nmax_connections=500\n${line}\nport_open_timeout=1\n`,
    }),
    field: 'spec.config',
    remedy: `spec.config sets ${name}, which`,
  })),
  {
    attempt: 'config with Windows line ends',
    spec: withTwoShards({ config: '[mariadbd]\r\nread_only\r\n' }),
    field: 'spec.config',
    remedy: 'remove the line',
  },
  {
    attempt: 'config that includes a file',
    spec: withTwoShards({ config: '[mariadbd]\n  !include /etc/mysql/extra.cnf\n' }),
    field: 'spec.config',
    remedy: 'write the settings themselves',
  },
  {
    attempt: 'config that includes a folder',
    spec: withTwoShards({ config: '!includedir /etc/mysql/conf.d' }),
    field: 'spec.config',
    remedy: 'write the settings themselves',
  },
  {
    attempt: 'config longer than a ConfigMap should hold',
    spec: withTwoShards({ config: '#'.repeat(16_385) }),
    field: 'spec.config',
    remedy: 'more than 16384',
  },
];
