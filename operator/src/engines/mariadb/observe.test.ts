import { describe, expect, it } from '@jest/globals';
import { known, unknown } from '../measure.ts';
import { parseGtidList } from './gtid.ts';
import { toLineage } from './lineage.ts';
import type { LogFile } from './log-files.ts';
import { toMemberState, type ObservationExtras } from './observe.ts';
import type { ServerFacts } from './server-facts.ts';
import type { SlaveStatus } from './slave-status.ts';

const slave: SlaveStatus = {
  source: { host: 'primary', port: 3306 },
  user: 'replication',
  receiving: { kind: 'running' },
  applying: { kind: 'running' },
  secondsBehind: known(0),
  received: parseGtidList('0-1-9'),
  relayLogFile: './relay.000002',
  relayLogOffset: 100,
  usesGtid: true,
  receivedMark: '',
};

const facts: ServerFacts = {
  observedAt: 10_000,
  version: '11.8.6-MariaDB',
  readOnly: true,
  binaryLogPosition: parseGtidList('0-1-7'),
  slavePosition: parseGtidList('0-1-6'),
  lineage: toLineage('0-1-7'),
  epoch: 4,
  heartbeatWrittenAt: 9600,
  slave: undefined,
  status: new Map([
    ['Uptime', '77'],
    ['Threads_running', '6'],
    ['Rpl_semi_sync_master_status', 'ON'],
    ['Rpl_semi_sync_master_clients', '2'],
    ['Rpl_semi_sync_master_wait_sessions', '1'],
    ['Rpl_semi_sync_master_yes_tx', '500'],
    ['Rpl_semi_sync_master_no_tx', '3'],
    ['Rpl_semi_sync_slave_status', 'OFF'],
  ]),
  semiSyncMaster: true,
};

const file = (name: string, bytes: number): LogFile => ({ name, path: `/data/${name}`, bytes });
const files: ObservationExtras = {
  binaryLogs: known([file('binlog.000001', 1000)]),
  relayLogs: known([file('relay.000001', 400), file('relay.000002', 300), file('relay.000003', 50)]),
  receivedBeforeStart: known(parseGtidList('')),
  sourceSilence: known(120),
  transactionAge: known(7),
};

const observed = (changes: Partial<ServerFacts>, fileChanges: Partial<ObservationExtras> = {}) =>
  toMemberState({ ...facts, ...changes }, { ...files, ...fileChanges });
const following = (changes: Partial<SlaveStatus>, factChanges: Partial<ServerFacts> = {}) => {
  const { role } = observed({ ...factChanges, slave: { ...slave, ...changes } });
  if (role.kind !== 'replica') {
    throw new Error('not a replica');
  }
  return role.following;
};

describe('toMemberState', () => {
  it.each([
    [{ readOnly: true }, 'detached'],
    [{ readOnly: false }, 'primary'],
    [{ readOnly: true, slave }, 'replica'],
    [{ readOnly: false, slave }, 'replica'],
  ] as const)('%# is a %s', (changes, kind) => {
    expect(observed(changes).role.kind).toBe(kind);
  });

  it('reads figures and acknowledgements', () => {
    expect(observed({ readOnly: false })).toMatchObject({
      observedAt: 10_000,
      uptimeSeconds: 77,
      writable: true,
      epoch: known(4),
      applied: '0-1-7',
      received: known('0-1-7'),
      lineage: '0-1-7',
      heartbeat: known(9600),
      acknowledgement: {
        rule: 'oneReplica',
        waiting: true,
        acknowledgers: 2,
        waitingSessions: 1,
        acknowledgedCommits: 500,
        unacknowledgedCommits: 3,
        acknowledges: false,
      },
      logBytes: known(1750),
      longestTransactionSeconds: known(7),
      runningThreads: known(6),
    });
  });

  it('takes epoch 0 for a database that was never promoted, and no heartbeat for none', () => {
    expect(observed({ epoch: undefined, heartbeatWrittenAt: undefined })).toMatchObject({
      epoch: known(0),
      heartbeat: { kind: 'unknown' },
    });
  });

  it.each([
    ['from the receiving thread', '0-1-9', known(parseGtidList('')), known('0-1-9')],
    ['from the relay logs before it has run', undefined, known(parseGtidList('0-1-8')), known('0-1-8')],
    ['at least what is applied', undefined, known(parseGtidList('0-1-2')), known('0-1-6')],
    ['unknown where the relay logs are', undefined, unknown('torn'), unknown('torn')],
  ] as const)('tells what was received: %s', (_name, position, receivedBeforeStart, expected) => {
    const received = position === undefined ? undefined : parseGtidList(position);
    expect(observed({ slave: { ...slave, received } }, { receivedBeforeStart }).received).toEqual(expected);
  });

  it.each([
    ['running', {}, {}, known(400)],
    ['applying stopped', { applying: { kind: 'stopped' } }, {}, known(400)],
    ['receiving stopped', { receiving: { kind: 'stopped' } }, {}, 'unknown'],
    ['connecting', { receiving: { kind: 'connecting' } }, {}, 'unknown'],
    ['no heartbeat', {}, { heartbeatWrittenAt: undefined }, 'unknown'],
    ['a heartbeat from just ahead', {}, { heartbeatWrittenAt: 10_900 }, known(0)],
    ['a clock that is behind', {}, { heartbeatWrittenAt: 12_000 }, 'unknown'],
  ] as const)('lag in milliseconds, %s', (_name, slaveChanges, factChanges, expected) => {
    const { lagMilliseconds } = following(slaveChanges, factChanges);
    expect(expected === 'unknown' ? lagMilliseconds.kind : lagMilliseconds).toEqual(expected);
  });

  it('tells for how long nothing has come from the source', () => {
    expect(following({}).silentMilliseconds).toEqual(known(120));
  });

  it('counts as applied on a replica what it can show, not what its own log names already', () => {
    expect(observed({ slave }).applied).toBe('0-1-6');
    expect(observed({}).applied).toBe('0-1-7');
  });

  it('counts the bytes behind from where applying is', () => {
    expect(following({}).bytesBehind).toEqual(known(250));
    expect(following({ relayLogFile: 'relay.000009' }).bytesBehind.kind).toBe('unknown');
    expect(following({ relayLogFile: 'relay.000003', relayLogOffset: 99 }).bytesBehind).toEqual(known(0));
  });

  it('knows no size of files that cannot be read', () => {
    expect(observed({}, { relayLogs: unknown('no') }).logBytes).toEqual(unknown('no'));
  });
});
