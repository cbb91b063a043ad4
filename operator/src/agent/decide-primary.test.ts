import { describe, expect, it } from '@jest/globals';
import { decide } from './decide.ts';
import type { Observation } from './observation.ts';
import {
  entry,
  primary,
  withSlots,
  open,
  following,
  stopped,
  aMemberRule,
  summary,
} from './testing/decisions.ts';
import {
  acknowledgedBy,
  aMember,
  anObservation,
  aRunning,
  PRIMARY,
  UNPREPARED,
} from './testing/observations.ts';

const TABLE: readonly (readonly [string, Observation, string])[] = [
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
    'primary, slots of the map not made yet, one of them is switched',
    aRunning(open, withSlots('new', ['app_s0007'])),
    'ensureDatabases: new',
  ],
  [
    'primary, other slots than before, one of them is switched',
    aRunning(open, { ...withSlots('new', ['app_s0007']), madeDatabases: 'old' }),
    'wait: change',
  ],
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
];

describe('the agent of the recorded primary', () => {
  it.each(TABLE)('%s', (_situation, observation, expected) => {
    expect(summary(decide(observation))).toBe(expected);
  });

  it('names the remedy for an empty primary', () => {
    const decision = decide(anObservation({ ...primary, volume: { kind: 'empty' } }));
    expect(decision).toMatchObject({
      problem: { message: expect.stringMatching(/Promote a replica.*or put the volume back/) },
    });
  });
});
