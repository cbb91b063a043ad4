import { describe, expect, it } from '@jest/globals';
import type { Row } from './connection.ts';
import { readSlaveStatus } from './slave-status.ts';

/** A row as 11.8 answers, with what a case changes. Other columns are not looked at. */
function row(changes: Row = {}): Row {
  return {
    Connection_name: '',
    Master_Host: 'c-shard-0-0.c-shard-0',
    Master_User: 'replication',
    Master_Port: 3306,
    Relay_Log_File: 'relay.000002',
    Relay_Log_Pos: 800,
    Slave_IO_Running: 'Yes',
    Slave_SQL_Running: 'Yes',
    Last_IO_Errno: 0,
    Last_IO_Error: '',
    Last_SQL_Errno: 0,
    Last_SQL_Error: '',
    Seconds_Behind_Master: 0,
    Using_Gtid: 'Slave_Pos',
    Gtid_IO_Pos: '0-1-7',
    Master_Log_File: 'binlog.000003',
    Read_Master_Log_Pos: 4711,
    Slave_received_heartbeats: 12,
    ...changes,
  };
}

describe('readSlaveStatus', () => {
  it('finds no replication where there is none', () => {
    expect(readSlaveStatus([])).toBeUndefined();
  });

  it('reads a connection that runs', () => {
    expect(readSlaveStatus([row()])).toEqual({
      source: { host: 'c-shard-0-0.c-shard-0', port: 3306 },
      user: 'replication',
      receiving: { kind: 'running' },
      applying: { kind: 'running' },
      secondsBehind: { kind: 'known', value: 0 },
      received: new Map([[0, { domain: 0, server: 1, sequence: 7n }]]),
      relayLogFile: 'relay.000002',
      relayLogOffset: 800,
      usesGtid: true,
      receivedMark: 'binlog.000003 4711 0-1-7 12',
    });
  });

  it.each([
    [{ Slave_IO_Running: 'No' }, { kind: 'stopped' }],
    [{ Slave_IO_Running: 'Connecting' }, { kind: 'connecting' }],
    [{ Slave_IO_Running: 'Preparing' }, { kind: 'connecting' }],
    [
      { Slave_IO_Running: 'Connecting', Last_IO_Errno: 2003, Last_IO_Error: 'error connecting' },
      { kind: 'connecting', error: { number: 2003, message: 'error connecting' } },
    ],
    [
      { Slave_IO_Running: 'No', Last_IO_Errno: 1236, Last_IO_Error: 'diverged' },
      { kind: 'failed', error: { number: 1236, message: 'diverged' } },
    ],
    [{ Slave_IO_Running: 'Yes', Last_IO_Errno: 2003, Last_IO_Error: 'an old one' }, { kind: 'running' }],
  ] as const)('receiving %j', (changes, expected) => {
    expect(readSlaveStatus([row(changes)])?.receiving).toEqual(expected);
  });

  it.each([
    [{ Slave_SQL_Running: 'No' }, { kind: 'stopped' }],
    [
      { Slave_SQL_Running: 'No', Last_SQL_Errno: 1062, Last_SQL_Error: 'duplicate' },
      { kind: 'failed', error: { number: 1062, message: 'duplicate' } },
    ],
  ] as const)('applying %j', (changes, expected) => {
    expect(readSlaveStatus([row(changes)])?.applying).toEqual(expected);
  });

  it('tells NULL seconds behind from zero', () => {
    expect(readSlaveStatus([row({ Seconds_Behind_Master: null })])?.secondsBehind.kind).toBe('unknown');
    expect(readSlaveStatus([row({ Seconds_Behind_Master: '12' })])?.secondsBehind).toEqual({
      kind: 'known',
      value: 12,
    });
  });

  it('knows nothing received before the IO thread has run', () => {
    expect(readSlaveStatus([row({ Gtid_IO_Pos: '' })])?.received).toBeUndefined();
  });

  it.each([[[row(), row()]], [[row({ Connection_name: 'other' })]], [[row({ Master_Host: undefined })]]])(
    'refuses what is not ours',
    (rows) => {
      expect(() => readSlaveStatus(rows)).toThrow(expect.objectContaining({ code: 'ServerError' }));
    },
  );
});
