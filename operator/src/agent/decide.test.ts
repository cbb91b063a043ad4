import { describe, expect, it } from '@jest/globals';
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import { unknown } from '../engines/measure.ts';
import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import type { Observation, ShardView } from './observation.ts';
import {
  acknowledgedBy,
  aFollowing,
  aMember,
  anEntry,
  anObservation,
  aRunning,
  OTHER_REPLICA,
  PRIMARY,
  REPLICA,
  UNPREPARED,
} from './testing/observations.ts';

function summary(decision: Decision): unknown {
  switch (decision.kind) {
    case 'wait':
      return `wait: ${decision.reason}${decision.problem === undefined ? '' : ` (${decision.problem.reason})`}`;
    case 'start':
      return `start: ${decision.order.role} ${decision.order.epoch} ${decision.order.acknowledgement}`;
    case 'clone':
      return `clone: ${decision.from.join(' ')}`;
    case 'follow':
      return `follow: ${decision.primary}`;
    case 'setAcknowledgement':
      return `setAcknowledgement: ${decision.rule}`;
    case 'promote':
      return `promote: ${decision.epoch} ${decision.acknowledgement}`;
    case 'ensureDatabases':
      return `ensureDatabases: ${decision.digest}`;
    case 'openWrites':
    case 'prepareDatabase':
      return `${decision.kind}: ${decision.epoch}`;
    default:
      return decision.kind;
  }
}

const entry = (change: Partial<ShardMapShard>): { shard: ShardView } => ({
  shard: { kind: 'known', shard: anEntry(change) },
});
const primary = { pod: PRIMARY };
/** Of the primary, whose map gives it databases of that digest. */
const withSlots = (digest: string): Partial<Observation> => ({
  ...primary,
  shard: { kind: 'known', shard: anEntry({}), databases: { keyspaces: [], digest } },
});
const open = aMember({ role: { kind: 'primary' }, writable: true, ...acknowledgedBy(2) });
const following = aMember({ role: { kind: 'replica', following: aFollowing() } });
const error = { number: 1236, message: 'diverged' };
const order = (epoch: number) => ({ epoch, primary: PRIMARY, mapEpoch: 3 });

const TABLE: readonly (readonly [string, Observation, string])[] = [
  // Nothing certain: what is down stays down, what runs keeps running.
  [
    'map unreadable, server down',
    anObservation({ shard: { kind: 'unreadable', reason: 'x' } }),
    'wait: shardMap (ShardMapUnreadable)',
  ],
  [
    'map unreadable, server runs',
    aRunning(open, { ...primary, shard: { kind: 'unreadable', reason: 'x' } }),
    'wait: shardMap (ShardMapUnreadable)',
  ],
  [
    'map unreadable, agent restarted',
    aRunning(open, {
      ...primary,
      shard: { kind: 'unreadable', reason: 'x' },
      hasSession: false,
      member: null,
    }),
    'connect',
  ],
  ['map without the shard', anObservation({ shard: { kind: 'absent' } }), 'wait: shardMap (ShardMissing)'],
  ['no primary, server down', anObservation(entry({ primary: null, ackers: [] })), 'wait: primary'],
  [
    'no primary, former primary runs',
    aRunning(open, { ...primary, ...entry({ primary: null, replicas: [PRIMARY, REPLICA] }) }),
    'killServer',
  ],
  [
    'no primary, a replica runs',
    aRunning(following, entry({ primary: null, replicas: [PRIMARY, REPLICA] })),
    'wait: primary',
  ],
  [
    'no primary, a replica was made ready to lead',
    aRunning(aMember(acknowledgedBy(1)), {
      ...entry({ primary: null, replicas: [PRIMARY, REPLICA] }),
      preparedFor: 3,
    }),
    'wait: primary',
  ],
  [
    'the same before the map has come to that epoch',
    aRunning(aMember(acknowledgedBy(1)), { preparedFor: 4, standDown: order(4) }),
    'wait: standDown',
  ],
  [
    'the same, by nobody’s order',
    aRunning(aMember(acknowledgedBy(1)), entry({ primary: null, replicas: [PRIMARY, REPLICA] })),
    'killServer',
  ],
  [
    'a replica was made ready to lead, and takes writes',
    aRunning(open, { ...entry({ primary: null, replicas: [PRIMARY, REPLICA] }), preparedFor: 3 }),
    'killServer',
  ],
  [
    'a replica was made ready to lead, and another was named',
    aRunning(aMember(acknowledgedBy(1)), { preparedFor: 3 }),
    'killServer',
  ],
  [
    'a replica was made ready to lead, and was named',
    aRunning(aMember(acknowledgedBy(1)), { ...primary, preparedFor: 3 }, 'replica'),
    'openWrites: 3',
  ],
  ['no member', anObservation({ pod: 'demo-shard-0-9' }), 'wait: membership (NotAMember)'],
  [
    'launcher silent',
    anObservation({ server: { kind: 'unknown', reason: 'x' } }),
    'wait: launcher (LauncherUnreachable)',
  ],
  ['terminating, a replica runs', aRunning(following, { terminating: true }), 'release'],
  ['terminating, the primary runs', aRunning(open, { ...primary, terminating: true }), 'wait: change'],
  [
    'terminating, the primary was closed for a switchover',
    aRunning(aMember(acknowledgedBy(1)), { ...primary, terminating: true, heldClosed: true }),
    'wait: switchover',
  ],
  [
    'terminating, the primary runs, agent restarted',
    aRunning(open, { ...primary, terminating: true, hasSession: false, member: null }),
    'connect',
  ],
  [
    'terminating, the primary runs, nobody could take over',
    aRunning({ ...open, ...acknowledgedBy(0) }, { ...primary, terminating: true }),
    'release',
  ],
  [
    'terminating, the primary runs alone',
    aRunning(open, {
      ...primary,
      ...entry({ acknowledgement: 'None', replicas: [], ackers: [] }),
      terminating: true,
    }),
    'release',
  ],
  ['terminating, another has taken over', aRunning(open, { terminating: true }, 'primary'), 'release'],
  ['terminating, server down', anObservation({ terminating: true }), 'wait: launcher'],

  // The recorded primary.
  [
    'primary, empty volume, no database on record',
    anObservation({ ...primary, ...entry({ initialised: false }), volume: { kind: 'empty' } }),
    'initialise',
  ],
  [
    'primary, initialising was cut short',
    anObservation({
      ...primary,
      ...entry({ initialised: false }),
      volume: { kind: 'interrupted', step: 'initialise' },
    }),
    'initialise',
  ],
  [
    'primary, empty volume, database on record',
    anObservation({ ...primary, volume: { kind: 'empty' } }),
    'wait: volume (PrimaryVolumeEmpty)',
  ],
  [
    'primary, initialising cut short, database on record',
    anObservation({ ...primary, volume: { kind: 'interrupted', step: 'initialise' } }),
    'wait: volume (PrimaryVolumeEmpty)',
  ],
  [
    'primary, clone cut short',
    anObservation({ ...primary, volume: { kind: 'interrupted', step: 'clone' } }),
    'wait: volume (PrimaryVolumeEmpty)',
  ],
  [
    'primary, strange files',
    anObservation({ ...primary, volume: { kind: 'unrecognised', found: ['x'] } }),
    'wait: volume (VolumeUnrecognised)',
  ],
  ['primary, volume not looked at', anObservation({ ...primary, volume: null }), 'wait: observation'],
  ['primary, down', anObservation(primary), 'start: primary 3 none'],
  ['primary, down a moment ago', anObservation({ ...primary, downMilliseconds: 4999 }), 'wait: failover'],
  [
    'primary, down a moment ago, and nobody takes over',
    anObservation({ ...primary, downMilliseconds: 600, restartOrdered: true }),
    'start: primary 3 none',
  ],
  [
    'primary, down a moment ago, nobody could be promoted',
    anObservation({ ...primary, ...entry({ ackers: [] }), downMilliseconds: 0 }),
    'start: primary 3 none',
  ],
  [
    'primary, down a moment ago, alone',
    anObservation({
      ...primary,
      ...entry({ acknowledgement: 'None', replicas: [], ackers: [] }),
      downMilliseconds: 0,
    }),
    'start: primary 3 none',
  ],
  [
    'primary, down, before its database is on record',
    anObservation({ ...primary, ...entry({ initialised: false }) }),
    'start: primary 3 none',
  ],
  [
    'primary, down, alone',
    anObservation({ ...primary, ...entry({ acknowledgement: 'None', replicas: [], ackers: [] }) }),
    'start: primary 3 none',
  ],
  [
    'primary, no accounts yet',
    aRunning(aMember(UNPREPARED), { ...primary, ...entry({ initialised: false }) }),
    'prepareDatabase: 3',
  ],
  [
    'primary, no accounts yet, and commits wait',
    aRunning(aMember({ ...UNPREPARED, ...acknowledgedBy(0) }), primary),
    'setAcknowledgement: none',
  ],
  [
    'primary, no accounts, secrets unreadable',
    aRunning(aMember(UNPREPARED), { ...primary, accountsCurrent: null }),
    'wait: accounts (AccountsUnreadable)',
  ],
  [
    'primary, prepared, database not on record',
    aRunning(aMember(), { ...primary, ...entry({ initialised: false }) }),
    'wait: initialisedMark',
  ],
  ['primary, prepared, commits do not wait', aRunning(aMember(), primary), 'setAcknowledgement: oneReplica'],
  [
    'primary, nobody acknowledges',
    aRunning(aMember(acknowledgedBy(0)), primary),
    'wait: acknowledger (WaitingForReplica)',
  ],
  ['primary, somebody acknowledges', aRunning(aMember(acknowledgedBy(1)), primary), 'openWrites: 3'],
  [
    'primary, alone, prepared',
    aRunning(aMember(), { ...primary, ...entry({ acknowledgement: 'None', ackers: [] }) }),
    'openWrites: 3',
  ],
  ['primary, open', aRunning(open, primary), 'wait: change'],
  [
    'primary, open, of a former epoch',
    aRunning(open, { ...primary, ...entry({ epoch: 4 }) }),
    'openWrites: 4',
  ],
  [
    'primary, open, no longer alone, nobody to acknowledge yet',
    aRunning({ ...open, ...aMemberRule('none') }, { ...primary, ...entry({ ackers: [] }) }),
    'wait: change',
  ],
  [
    'primary, open, no longer alone, an acker on record',
    aRunning({ ...open, ...aMemberRule('none') }, primary),
    'setAcknowledgement: oneReplica',
  ],
  [
    'primary, open, now alone',
    aRunning(open, { ...primary, ...entry({ acknowledgement: 'None', ackers: [] }) }),
    'closeWrites',
  ],
  [
    'primary, closed, now alone',
    aRunning(aMember(acknowledgedBy(1)), {
      ...primary,
      ...entry({ acknowledgement: 'None', ackers: [] }),
    }),
    'setAcknowledgement: none',
  ],
  ['primary, passwords changed', aRunning(open, { ...primary, accountsCurrent: false }), 'ensureAccounts'],
  [
    'primary, passwords changed, commits hang',
    aRunning({ ...open, ...acknowledgedBy(0) }, { ...primary, accountsCurrent: false }),
    'wait: change',
  ],
  ['primary, slots of the map not made yet', aRunning(open, withSlots('new')), 'ensureDatabases: new'],
  [
    'primary, slots of the map made',
    aRunning(open, { ...withSlots('new'), madeDatabases: 'new' }),
    'wait: change',
  ],
  [
    'primary, slots not made yet, commits hang',
    aRunning({ ...open, ...acknowledgedBy(0) }, withSlots('new')),
    'wait: change',
  ],
  ['primary, users changed', aRunning(open, { ...primary, usersCurrent: false }), 'ensureUsers'],
  [
    'primary, users changed, commits hang',
    aRunning({ ...open, ...acknowledgedBy(0) }, { ...primary, usersCurrent: false }),
    'wait: change',
  ],
  [
    'primary, certificate renewed',
    aRunning(open, { ...primary, certificatesCurrent: false }),
    'reloadCertificates',
  ],
  ['primary, retention due', aRunning(open, { ...primary, retentionDue: true }), 'applyRetention'],
  [
    'primary, closed for a switchover',
    aRunning(aMember(acknowledgedBy(1)), { ...primary, heldClosed: true }),
    'wait: switchover',
  ],
  ['elected', aRunning(following, { ...primary, salvaged: false }), 'promote: 3 oneReplica'],
  [
    'elected, receiving was stopped',
    aRunning(stopped('stopped', 'running'), primary),
    'promote: 3 oneReplica',
  ],
  [
    'elected, just booted',
    aRunning(stopped('stopped', 'stopped'), { ...primary, salvaged: false }),
    'salvage',
  ],
  ['elected, applying failed', aRunning(stopped('stopped', 'failed'), primary), 'wait: replication'],
  [
    'elected, of a shard whose commits wait for nobody',
    aRunning(following, { ...primary, ...entry({ acknowledgement: 'None', ackers: [] }) }),
    'promote: 3 none',
  ],
  [
    'elected, in an epoch older than its orders',
    aRunning(stopped('stopped', 'running'), {
      ...primary,
      standDown: { epoch: 4, primary: PRIMARY, mapEpoch: 3 },
    }),
    'wait: standDown',
  ],

  // Replicas.
  [
    'replica, empty volume',
    anObservation({ volume: { kind: 'empty' } }),
    `clone: ${OTHER_REPLICA} ${PRIMARY}`,
  ],
  [
    'replica, clone cut short',
    anObservation({ volume: { kind: 'interrupted', step: 'clone' } }),
    `clone: ${OTHER_REPLICA} ${PRIMARY}`,
  ],
  [
    'replica, empty volume, no database on record',
    anObservation({ ...entry({ initialised: false }), volume: { kind: 'empty' } }),
    'wait: database',
  ],
  [
    'replica, strange files',
    anObservation({ volume: { kind: 'unrecognised', found: ['x'] } }),
    'wait: volume (VolumeUnrecognised)',
  ],
  [
    'replica, files of another version',
    anObservation({ volume: { kind: 'ready', origin: 'clone', engineVersion: '10.11.6-MariaDB' } }),
    'wait: volume (VolumeVersionMismatch)',
  ],
  ['replica, down', anObservation(), 'start: replica 3 none'],
  ['replica, up, not connected', aRunning(following, { hasSession: false, member: null }), 'connect'],
  ['replica, up, not looked at', aRunning(following, { member: null }), 'wait: observation'],
  ['replica, just booted', aRunning(aMember(), { salvaged: false }), 'salvage'],
  [
    'replica, just booted, with a source from before',
    aRunning(stopped('stopped', 'stopped'), { salvaged: false }),
    'salvage',
  ],
  [
    'replica, agent restarted beside replication at work',
    aRunning(following, { salvaged: false }),
    'wait: change',
  ],
  ['replica, not on record as acker', aRunning(aMember(), entry({ ackers: [] })), 'wait: acker'],
  ['replica, on record', aRunning(aMember()), `follow: ${PRIMARY}`],
  ['replica, stopped, on record', aRunning(stopped('stopped', 'stopped')), `follow: ${PRIMARY}`],
  ['replica, receiving failed', aRunning(stopped('failed', 'running')), `follow: ${PRIMARY}`],
  ['replica, applying failed', aRunning(stopped('running', 'failed')), 'wait: replication'],
  [
    'replica, source cannot be reached',
    aRunning(
      aMember({
        role: { kind: 'replica', following: aFollowing({ receiving: { kind: 'connecting', error } }) },
      }),
    ),
    'wait: change',
  ],
  [
    'replica, source refuses it, perhaps for its password',
    aRunning(
      aMember({
        role: { kind: 'replica', following: aFollowing({ receiving: { kind: 'connecting', error } }) },
      }),
      { passwordSuspected: true },
    ),
    `follow: ${PRIMARY}`,
  ],
  [
    'replica of a former primary',
    aRunning(
      aMember({
        role: { kind: 'replica', following: aFollowing({ source: { host: 'old.test', port: 3306 } }) },
      }),
    ),
    `follow: ${PRIMARY}`,
  ],
  ['replica, certificate renewed', aRunning(following, { certificatesCurrent: false }), 'reloadCertificates'],
  ['replica, retention due', aRunning(following, { retentionDue: true }), 'applyRetention'],

  // Usurpers.
  ['former primary, open', aRunning(open, {}, 'primary'), 'killServer'],
  ['former primary, closed', aRunning(aMember(), {}, 'primary'), 'killServer'],
  [
    'former primary, agent restarted',
    aRunning(open, { hasSession: false, member: null }, 'primary'),
    'killServer',
  ],
  ['former primary, promoted and never opened', aRunning(aMember(acknowledgedBy(1))), 'killServer'],
  ['a replica that takes writes', aRunning({ ...following, writable: true }), 'killServer'],

  // Orders of the operator.
  [
    'receiving was stopped in this epoch',
    aRunning(stopped('stopped', 'running'), {
      standDown: { epoch: 3, primary: PRIMARY, mapEpoch: 3 },
    }),
    'wait: standDown',
  ],
  [
    'receiving was stopped for an epoch to come',
    aRunning(stopped('stopped', 'running'), { standDown: { epoch: 4, primary: null, mapEpoch: 4 } }),
    'wait: standDown',
  ],
  [
    'the winner is on record',
    aRunning(stopped('stopped', 'running'), {
      ...entry({ epoch: 4 }),
      standDown: { epoch: 4, primary: null, mapEpoch: 4 },
    }),
    `follow: ${PRIMARY}`,
  ],
  [
    'killed in this epoch',
    anObservation({ ...primary, standDown: { epoch: 3, primary: PRIMARY, mapEpoch: 3 } }),
    'wait: standDown',
  ],
];

function stopped(receiving: 'stopped' | 'failed' | 'running', applying: 'stopped' | 'failed' | 'running') {
  const activity = (kind: 'stopped' | 'failed' | 'running') =>
    kind === 'failed' ? { kind, error } : { kind };
  return aMember({
    role: {
      kind: 'replica',
      following: aFollowing({
        receiving: activity(receiving),
        applying: activity(applying),
        lagMilliseconds: unknown('it does not receive'),
      }),
    },
  });
}

function aMemberRule(rule: 'none') {
  return { acknowledgement: { ...aMember().acknowledgement, rule } };
}

describe('decide', () => {
  it.each(TABLE)('%s', (_situation, observation, expected) => {
    expect(summary(decide(observation))).toBe(expected);
  });

  it('names the remedy for an empty primary', () => {
    const decision = decide(anObservation({ ...primary, volume: { kind: 'empty' } }));
    expect(decision).toMatchObject({
      problem: { message: expect.stringMatching(/Promote a replica.*or put the volume back/) },
    });
  });

  it('asks the primary for a clone where there is no other replica', () => {
    const alone = entry({ replicas: [REPLICA] });
    expect(summary(decide(anObservation({ ...alone, volume: { kind: 'empty' } })))).toBe(`clone: ${PRIMARY}`);
  });
});
