/** How a member comes back, as one table. */
import { describe, expect, it } from '@jest/globals';
import type { KeptItem, LogTail } from '../engines/member-files.ts';
import type { Lineage, Position } from '../engines/position.ts';
import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import type { Observation } from './observation.ts';
import type { PrimaryView, ReturnFacts, TailView } from './return-facts.ts';
import {
  aFollowing,
  aMember,
  anEntry,
  anObservation,
  aReturn,
  aRunning,
  OTHER_REPLICA,
  PRIMARY,
  REPLICA,
} from './testing/observations.ts';

const kept: KeptItem = { name: 'tail', path: '/volume/kept/tail', kind: 'tail', at: 0 };
const tail = (change: Partial<LogTail> = {}, item: KeptItem | null = kept): TailView => ({
  kind: 'found',
  tail: { end: '0-2-9' as Position, changes: 3, bytes: 1000, certain: true, isUpkeep: false, ...change },
  kept: item,
});
const serving: PrimaryView = {
  epoch: 3,
  isPromoted: true,
  isServing: true,
  acknowledgers: 1,
  lineage: '0-1-9' as Lineage,
};
const facts = (change: Partial<ReturnFacts>): Pick<Observation, 'returning'> => ({
  returning: aReturn({ primaryView: serving, ...change }),
});
const noAcker = { shard: { kind: 'known', shard: anEntry({ ackers: [OTHER_REPLICA] }) } } as const;
const onlyAcker = { shard: { kind: 'known', shard: anEntry({ ackers: [REPLICA] }) } } as const;

const error = { number: 1062, message: 'Duplicate entry' };
const detached = aMember();
const applyingFailed = aMember({
  role: { kind: 'replica', following: aFollowing({ applying: { kind: 'failed', error } }) },
});
const receivingFailed = aMember({
  role: { kind: 'replica', following: aFollowing({ receiving: { kind: 'failed', error } }) },
});
const broken = { reason: 'applying failed', forMilliseconds: 30_000 };

function summary(decision: Decision): string {
  switch (decision.kind) {
    case 'wait':
      return `wait: ${decision.reason}${decision.problem === undefined ? '' : ` (${decision.problem.reason})`}`;
    case 'start':
      return `start: ${decision.order.role}${decision.order.keepsLog === true ? ', all kept' : ''}`;
    default:
      return decision.kind;
  }
}

const TABLE: readonly (readonly [string, Observation, string])[] = [
  // Its server is down.
  ['nothing that the primary lacks', anObservation(facts({})), 'start: replica'],
  [
    'the last changes are its own, and the primary has them',
    anObservation(facts({ tail: { kind: 'shared' } })),
    'start: replica, all kept',
  ],
  [
    'the same, and a start in vain',
    anObservation({ ...facts({}), startsInVain: 1 }),
    'start: replica, all kept',
  ],
  ['a log that tells nothing', anObservation(facts({ tail: { kind: 'unreadable' } })), 'start: replica'],
  [
    'the same, and starts in vain',
    anObservation({ ...facts({ tail: { kind: 'unreadable' } }), startsInVain: 9 }),
    'start: replica',
  ],
  ['nothing is known yet', anObservation({ returning: null }), 'wait: return'],
  ['what is known is of a former epoch', anObservation(facts({ epoch: 2 })), 'wait: return'],
  [
    'what is known is about another primary',
    anObservation(facts({ primary: OTHER_REPLICA })),
    'wait: return',
  ],
  [
    'its log is not read yet',
    anObservation(facts({ tail: { kind: 'unexamined', missing: 'log' } })),
    'wait: return',
  ],
  [
    'the primary has not told',
    anObservation(facts({ primaryView: null, tail: { kind: 'unexamined', missing: 'primary' } })),
    'wait: return (AwaitingPrimary)',
  ],
  [
    'the primary has not told, but was just named',
    anObservation(
      facts({
        primaryView: null,
        tail: { kind: 'unexamined', missing: 'primary' },
        knownMilliseconds: 4999,
      }),
    ),
    'wait: return',
  ],
  ['a tail', anObservation(facts({ tail: tail({}, null) })), 'keepTail'],
  [
    'a tail and no room for it',
    anObservation(facts({ tail: tail({}, null), freeBytes: 1000 })),
    'wait: return (ChangesDoNotFit)',
  ],
  ['a tail and room for it', anObservation(facts({ tail: tail({}, null), freeBytes: 1 << 30 })), 'keepTail'],
  ['a tail of heartbeats', anObservation(facts({ tail: tail({ isUpkeep: true }, null) })), 'start: replica'],
  ['a tail that is kept', anObservation(facts({ tail: tail() })), 'start: replica'],
  [
    'the same, and a start in vain',
    anObservation({ ...facts({ tail: tail() }), startsInVain: 1 }),
    'start: replica',
  ],
  ['a start that left it there', anObservation(facts({ tail: tail(), startsWithTail: 1 })), 'start: replica'],
  [
    'two starts that left it there',
    anObservation({ ...noAcker, ...facts({ tail: tail(), startsWithTail: 2 }) }),
    'vacate',
  ],
  [
    'the same, and it may not be lacking',
    anObservation({ ...noAcker, ...facts({ tail: tail({ certain: false }), startsWithTail: 9 }) }),
    'start: replica',
  ],
  [
    'the same, and the primary does not answer',
    anObservation({ ...noAcker, ...facts({ tail: tail(), startsWithTail: 2, primaryView: null }) }),
    'wait: return (RecloneWaits)',
  ],
  [
    'the same, and the primary does not serve',
    anObservation({
      ...noAcker,
      ...facts({ tail: tail(), startsWithTail: 2, primaryView: { ...serving, isServing: false } }),
    }),
    'wait: return (RecloneWaits)',
  ],
  [
    'the same, and the primary goes by another epoch',
    anObservation({
      ...noAcker,
      ...facts({ tail: tail(), startsWithTail: 2, primaryView: { ...serving, epoch: 2 } }),
    }),
    'wait: return (RecloneWaits)',
  ],
  [
    'the same, while its acknowledgements count',
    anObservation(facts({ tail: tail(), startsWithTail: 2 })),
    'wait: return (RecloneWaits)',
  ],
  [
    'made anew again and again',
    anObservation({ ...noAcker, ...facts({ tail: tail(), startsWithTail: 2, recentReclones: 3 }) }),
    'wait: return (RecloneGivenUp)',
  ],
  ['given up', anObservation({ ...noAcker, ...facts({ givenUp: 'x' }) }), 'vacate'],
  ['given up, still an acker', anObservation(facts({ givenUp: 'x' })), 'wait: return (RecloneWaits)'],
  [
    'given up, and now the primary',
    anObservation({ pod: PRIMARY, downMilliseconds: 10_000, returning: null }),
    'start: primary',
  ],
  [
    'given up, and a promotion is under way',
    anObservation({
      shard: { kind: 'known', shard: anEntry({ primary: null }) },
      ...facts({ givenUp: 'x' }),
    }),
    'wait: primary',
  ],

  // Its server runs.
  ['booted, nothing that the primary lacks', aRunning(detached, facts({})), 'follow'],
  [
    'booted, its log is not read yet',
    aRunning(detached, facts({ tail: { kind: 'unexamined', missing: 'log' } })),
    'wait: return',
  ],
  ['booted, a tail that is not kept', aRunning(detached, facts({ tail: tail({}, null) })), 'keepTail'],
  [
    'booted, a tail of heartbeats is still there',
    aRunning(detached, { ...noAcker, ...facts({ tail: tail({ isUpkeep: true }, null) }) }),
    'giveUp',
  ],
  [
    'booted, the tail is still there',
    aRunning(detached, { ...noAcker, ...facts({ tail: tail() }) }),
    'giveUp',
  ],
  [
    'booted, the tail may not be lacking',
    aRunning(detached, facts({ tail: tail({ certain: false }) })),
    'follow',
  ],
  [
    'booted, the tail is still there, the primary is gone',
    aRunning(detached, { ...noAcker, ...facts({ tail: tail(), primaryView: null }) }),
    'wait: return (RecloneWaits)',
  ],
  [
    'broken for a moment',
    aRunning(applyingFailed, facts({ broken: { ...broken, forMilliseconds: 29_999 } })),
    'wait: replication',
  ],
  ['receiving has failed for a moment', aRunning(receivingFailed, facts({})), 'follow'],
  [
    'broken for good, and another acknowledges',
    aRunning(applyingFailed, facts({ broken, primaryView: { ...serving, acknowledgers: 2 } })),
    'giveUp',
  ],
  [
    'broken for good, and nobody else acknowledges',
    aRunning(applyingFailed, { ...onlyAcker, ...facts({ broken }) }),
    'wait: return (RecloneWaits)',
  ],
  [
    'cannot receive for good, and another acknowledges',
    aRunning(receivingFailed, facts({ broken })),
    'giveUp',
  ],
  [
    'cannot receive for good, and nobody acknowledges: it tries again',
    aRunning(receivingFailed, facts({ broken, primaryView: { ...serving, acknowledgers: 0 } })),
    'follow',
  ],
  [
    'broken for good, the primary does not answer',
    aRunning(applyingFailed, facts({ broken, primaryView: null })),
    'wait: return (RecloneWaits)',
  ],
  ['salvaging fails for good', aRunning(aMember(), { ...facts({ broken }), salvaged: false }), 'giveUp'],
];

describe('a member that comes back', () => {
  it.each(TABLE)('%s', (_situation, observation, expected) => {
    expect(summary(decide(observation))).toBe(expected);
  });

  it('says what stands in the way', () => {
    const decision = decide(anObservation({ ...noAcker, ...facts({ tail: tail(), startsWithTail: 2 }) }));
    expect(decision).toMatchObject({
      kind: 'vacate',
      epoch: 3,
      reason: 'the server cannot cut off 3 changes that demo-shard-0-0 does not have',
    });
  });
});
