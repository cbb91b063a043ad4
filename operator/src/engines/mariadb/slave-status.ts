/** `SHOW ALL SLAVES STATUS`, row to facts. Source: https://mariadb.com/kb/en/show-replica-status/ */
import { EngineError } from '../engine-error.ts';
import { known, unknown, type Measure } from '../measure.ts';
import type { ReplicationActivity, ReplicationError, SourceAddress } from '../member-state.ts';
import type { Row } from './connection.ts';
import { parseGtidList, type GtidList } from './gtid.ts';

/** One replication connection, as the server describes it. */
export interface SlaveStatus {
  readonly source: SourceAddress;
  readonly user: string;
  readonly receiving: ReplicationActivity;
  readonly applying: ReplicationActivity;
  readonly secondsBehind: Measure;
  /** `Gtid_IO_Pos`; undefined until the IO thread has run since the server started. */
  readonly received: GtidList | undefined;
  /** What the SQL thread reads next. */
  readonly relayLogFile: string;
  readonly relayLogOffset: number;
  readonly usesGtid: boolean;
  /** Changes with everything that comes from the source, its signs of life included. */
  readonly receivedMark: string;
}

/**
 * The one connection, undefined for none. More than one, or a named one, is not ours: EngineError
 * `ServerError`, since a statement without a name would leave it alone.
 */
export function readSlaveStatus(rows: readonly Row[]): SlaveStatus | undefined {
  const [row] = rows;
  if (row === undefined) {
    return undefined;
  }
  if (rows.length > 1 || textOf(row, 'Connection_name') !== '') {
    throw new EngineError('ServerError', 'replication connections that are not ours are configured');
  }
  const received = textOf(row, 'Gtid_IO_Pos');
  return {
    source: { host: textOf(row, 'Master_Host'), port: numberOf(row, 'Master_Port') },
    user: textOf(row, 'Master_User'),
    receiving: receivingActivity(row),
    applying: applyingActivity(row),
    secondsBehind: readSecondsBehind(row),
    received: received === '' ? undefined : parseGtidList(received),
    relayLogFile: textOf(row, 'Relay_Log_File'),
    relayLogOffset: numberOf(row, 'Relay_Log_Pos'),
    usesGtid: textOf(row, 'Using_Gtid') === 'Slave_Pos',
    receivedMark: ['Master_Log_File', 'Read_Master_Log_Pos', 'Gtid_IO_Pos', 'Slave_received_heartbeats']
      .map((column) => textOf(row, column))
      .join(' '),
  };
}

function receivingActivity(row: Row): ReplicationActivity {
  const error = errorOf(row, 'IO');
  switch (textOf(row, 'Slave_IO_Running')) {
    case 'Yes':
      return { kind: 'running' };
    case 'Connecting':
    case 'Preparing':
      return error === undefined ? { kind: 'connecting' } : { kind: 'connecting', error };
    default:
      return error === undefined ? { kind: 'stopped' } : { kind: 'failed', error };
  }
}

function applyingActivity(row: Row): ReplicationActivity {
  if (textOf(row, 'Slave_SQL_Running') === 'Yes') {
    return { kind: 'running' };
  }
  const error = errorOf(row, 'SQL');
  return error === undefined ? { kind: 'stopped' } : { kind: 'failed', error };
}

function errorOf(row: Row, thread: 'IO' | 'SQL'): ReplicationError | undefined {
  const number = numberOf(row, `Last_${thread}_Errno`);
  return number === 0 ? undefined : { number, message: textOf(row, `Last_${thread}_Error`) };
}

function readSecondsBehind(row: Row): Measure {
  const value = row['Seconds_Behind_Master'];
  return value === null || value === undefined
    ? unknown('replication does not run')
    : known(numberOf(row, 'Seconds_Behind_Master'));
}

/** A column as text. Throws EngineError `ServerError` where the column is missing. */
export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value === 'string') {
    return value;
  }
  if (typeof value === 'number' || typeof value === 'bigint') {
    return String(value);
  }
  throw new EngineError('ServerError', `the server's answer has no ${column}`);
}

/** A column as a number. Throws EngineError `ServerError` where it is none. */
export function numberOf(row: Row, column: string): number {
  const value = Number(textOf(row, column));
  if (Number.isNaN(value)) {
    throw new EngineError('ServerError', `the server's answer has no number in ${column}`);
  }
  return value;
}
