/** Asking the server for everything one observation needs. */
import type { Lineage } from '../position.ts';
import type { Connection, Row, Statement } from './connection.ts';
import { parseGtidList, type GtidList } from './gtid.ts';
import { toLineage } from './lineage.ts';
import { OWN_SCHEMA } from './own-schema.ts';
import { numberOf, readSlaveStatus, textOf, type SlaveStatus } from './slave-status.ts';

/** One pass over one server, in its own terms. */
export interface ServerFacts {
  readonly observedAt: number;
  readonly version: string;
  readonly readOnly: boolean;
  readonly binaryLogPosition: GtidList;
  readonly slavePosition: GtidList;
  /** The newest transaction of every server that ever wrote, as far as the binary log and replication know. */
  readonly lineage: Lineage;
  /** Undefined before the first promotion. */
  readonly epoch: number | undefined;
  /** Undefined before the first heartbeat. Milliseconds since the epoch, by the writer's clock. */
  readonly heartbeatWrittenAt: number | undefined;
  readonly slave: SlaveStatus | undefined;
  readonly status: ReadonlyMap<string, string>;
  readonly semiSyncMaster: boolean;
}

const VARIABLES = `SELECT @@version AS version, @@global.read_only AS read_only,
  @@global.gtid_binlog_pos AS gtid_binlog_pos, @@global.gtid_slave_pos AS gtid_slave_pos,
  @@global.gtid_binlog_state AS gtid_binlog_state, @@global.rpl_semi_sync_master_enabled AS semi_sync_master,
  TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000 AS now_milliseconds,
  (SELECT epoch FROM ${OWN_SCHEMA}.epoch WHERE id = 1) AS epoch,
  (SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', written_at) DIV 1000
     FROM ${OWN_SCHEMA}.heartbeat WHERE id = 1) AS heartbeat_milliseconds`;

/**
 * By patterns alone: for a condition, or for a table of the information schema, the server works out all figures there are, and those about
 * rights wait for a lock that a GRANT holds until a replica has acknowledged it. Only the last one differs between sessions.
 */
const STATUS = [
  "SHOW STATUS LIKE 'Rpl_semi_sync_%'",
  "SHOW STATUS LIKE 'Uptime'",
  "SHOW GLOBAL STATUS LIKE 'Threads_running'",
];

const LOOK = ['SHOW ALL SLAVES STATUS', ...STATUS, VARIABLES].map((sql) => ({ sql }));

/** What is done before a look, for one way there and back with it. */
export interface Deed {
  /** Names it in errors. */
  readonly what: string;
  readonly statements: readonly Statement[];
}

/**
 * Asks, after a deed where there is one: if that fails, nothing is asked. The newest positions come last: what they cover,
 * the earlier answers had at least begun.
 */
export async function readServerFacts(
  connection: Pick<Connection, 'queryAll'>,
  timeoutMilliseconds: number,
  signal: AbortSignal,
  { what, statements }: Deed = { what: 'look at the server', statements: [] },
): Promise<ServerFacts> {
  const answers = await connection.queryAll(what, [...statements, ...LOOK], timeoutMilliseconds, signal);
  const [slaves = [], ...others] = answers.slice(statements.length);
  const status = others.slice(0, STATUS.length).flat();
  const [row = {}] = others.at(STATUS.length) ?? [];
  return {
    observedAt: numberOf(row, 'now_milliseconds'),
    version: textOf(row, 'version'),
    readOnly: numberOf(row, 'read_only') === 1,
    binaryLogPosition: parseGtidList(textOf(row, 'gtid_binlog_pos')),
    slavePosition: parseGtidList(textOf(row, 'gtid_slave_pos')),
    lineage: toLineage(`${textOf(row, 'gtid_binlog_state')},${textOf(row, 'gtid_slave_pos')}`),
    epoch: optionalNumber(row, 'epoch'),
    heartbeatWrittenAt: optionalNumber(row, 'heartbeat_milliseconds'),
    slave: readSlaveStatus(slaves),
    status: new Map(status.map((row) => [textOf(row, 'Variable_name'), textOf(row, 'Value')])),
    semiSyncMaster: numberOf(row, 'semi_sync_master') === 1,
  };
}

function optionalNumber(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : numberOf(row, column);
}
