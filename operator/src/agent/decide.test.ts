import { describe, expect, it } from '@jest/globals';
import { decide } from './decide.ts';
import type { Observation } from './observation.ts';
import { entry, primary, open, following, order, stopped, summary } from './testing/decisions.ts';
import {
  acknowledgedBy,
  aMember,
  anObservation,
  aRunning,
  PRIMARY,
  REPLICA,
} from './testing/observations.ts';

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
  [
    'a replica was made ready to lead, and has just been named, and nobody acknowledges yet',
    aRunning(aMember(acknowledgedBy(0)), { ...primary, preparedFor: 3, isNewTerm: true }, 'replica'),
    'openWrites: 3, once acknowledged',
  ],
  [
    'the same, a while later',
    aRunning(aMember(acknowledgedBy(0)), { ...primary, preparedFor: 3 }, 'replica'),
    'wait: acknowledger (WaitingForReplica)',
  ],
  [
    'the same, made ready for another epoch',
    aRunning(aMember(acknowledgedBy(0)), { ...primary, preparedFor: 2, isNewTerm: true }, 'replica'),
    'wait: acknowledger (WaitingForReplica)',
  ],
  [
    'no primary, the former one was closed and is about to step down',
    aRunning(aMember(acknowledgedBy(1)), {
      ...primary,
      ...entry({ primary: null, replicas: [PRIMARY, REPLICA] }),
      toStepDown: true,
    }),
    'wait: primary',
  ],
  [
    'the same, and it takes writes',
    aRunning(open, {
      ...primary,
      ...entry({ primary: null, replicas: [PRIMARY, REPLICA] }),
      toStepDown: true,
    }),
    'killServer',
  ],
  [
    'another is the primary, and the former one was about to step down',
    aRunning(aMember(acknowledgedBy(1)), {
      ...primary,
      ...entry({ primary: REPLICA, replicas: [PRIMARY] }),
      toStepDown: true,
    }),
    'killServer',
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

describe('what comes first, whichever role a member has', () => {
  it.each(TABLE)('%s', (_situation, observation, expected) => {
    expect(summary(decide(observation))).toBe(expected);
  });
});
