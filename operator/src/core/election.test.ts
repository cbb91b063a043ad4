import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { elect } from './election.ts';
import type { ElectionArithmetic, ElectionInput, ElectionMember } from './electorate.ts';

/** A history: how many writes, of which the last ones are of a branch of its own. */
interface History {
  readonly length: number;
  readonly branch: string;
  /** Who wrote the newest of them. */
  readonly writer: string;
}

const arithmetic: ElectionArithmetic<History> = {
  compare(left, right) {
    if (left.branch !== right.branch) {
      return 'diverged';
    }
    if (left.length === right.length) {
      return 'equal';
    }
    return left.length > right.length ? 'ahead' : 'behind';
  },
  covers: (held, needed) => held.branch === needed.branch && held.length >= needed.length,
  continues: (held, needed) =>
    held.branch === needed.branch && held.length >= needed.length && held.writer === needed.writer,
};

function at(length: number, branch = '', writer = 'p0'): History {
  return { length, branch, writer };
}

function member(
  ordinal: number,
  received: History | null,
  change: Partial<ElectionMember<History>> = {},
): ElectionMember<History> {
  return {
    pod: `p${ordinal}`,
    ordinal,
    received,
    applied: received,
    isEligible: true,
    isDoubtful: false,
    isRunning: true,
    isTerminating: false,
    ...change,
  };
}

const dead = member(0, null, { isEligible: false, isRunning: false });

function election(change: Partial<ElectionInput<History>> = {}) {
  return elect(
    {
      members: [dead, member(1, at(5)), member(2, at(5))],
      ackers: ['p1', 'p2'],
      former: 'p0',
      formerEnd: null,
      policy: 'NoDataLoss',
      chosen: null,
      preferred: null,
      ...change,
    },
    arithmetic,
  );
}

const elected = (pod: string, mayMiss: readonly string[] = []) => ({ kind: 'elected', pod, mayMiss });
const silent = member(2, null, { isEligible: false });

describe('an election', () => {
  it.each<readonly [string, Partial<ElectionInput<History>>, string]>([
    ['who received the most', { members: [dead, member(1, at(4)), member(2, at(5))] }, 'p2'],
    [
      'who applied the most of those that received the same',
      { members: [dead, member(1, at(5), { applied: at(2) }), member(2, at(5), { applied: at(4) })] },
      'p2',
    ],
    [
      'whose applied position is known before whose is not',
      { members: [dead, member(1, at(5), { applied: null }), member(2, at(5), { applied: at(1) })] },
      'p2',
    ],
    [
      'who stays before who stops',
      {
        members: [dead, member(1, at(5), { isTerminating: true }), member(2, at(5), { applied: at(1) })],
      },
      'p2',
    ],
    ['who runs', { members: [dead, member(1, at(5), { isRunning: false }), member(2, at(5))] }, 'p2'],
    ['the lowest ordinal of equals', {}, 'p1'],
    ['who is preferred of equals', { preferred: 'p2' }, 'p2'],
    [
      'nobody that lacks something, though preferred',
      { members: [dead, member(1, at(4)), member(2, at(5))], preferred: 'p1' },
      'p2',
    ],
    [
      'who covers the dead primary’s own log though an acker is silent',
      { members: [dead, member(1, at(5)), silent], formerEnd: at(5) },
      'p1',
    ],
    [
      'the former primary itself, where nobody else is known to hold everything',
      {
        members: [member(0, null, { isRunning: false }), member(1, at(5)), silent],
        formerEnd: at(6),
      },
      'p0',
    ],
    [
      'a replica though the former primary could go on with a write that nobody acknowledged',
      {
        members: [member(0, null, { isRunning: false }), member(1, at(5)), member(2, at(4))],
        formerEnd: at(6),
      },
      'p1',
    ],
  ])('elects %s', (_, change, pod) => {
    expect(election(change)).toEqual(elected(pod));
  });

  it.each<readonly [string, Partial<ElectionInput<History>>, object]>([
    [
      'an acker is silent',
      { members: [dead, member(1, at(5)), silent] },
      { reason: 'PositionsUnknown', pods: ['p2'], best: 'p1' },
    ],
    [
      'an acker is silent and the dead primary holds more',
      { members: [dead, member(1, at(5)), silent], formerEnd: at(6) },
      { reason: 'PositionsUnknown', pods: ['p2'], best: 'p1' },
    ],
    [
      'two histories have parted',
      { members: [dead, member(1, at(5, 'a')), member(2, at(5, 'b'))] },
      { reason: 'Diverged', pods: ['p1', 'p2'], best: 'p1' },
    ],
    [
      'who holds the most cannot take over',
      { members: [dead, member(1, at(4)), member(2, at(5), { isEligible: false })] },
      { reason: 'NoCandidate', pods: ['p2'], best: 'p1' },
    ],
    [
      'nobody ever acknowledged',
      { members: [dead, member(1, at(4))], ackers: [] },
      { reason: 'PositionsUnknown', pods: [], best: 'p1' },
    ],
    [
      'an acker is on record that is no member',
      { ackers: ['p1', 'p2', 'p9'] },
      { reason: 'PositionsUnknown', pods: ['p9'], best: 'p1' },
    ],
  ])('elects nobody while %s', (_, change, expected) => {
    expect(election(change)).toEqual({ kind: 'blocked', ...expected });
  });

  it('takes the best with Availability and says who may hold more', () => {
    const members = [dead, member(1, at(5)), silent];
    expect(election({ members, policy: 'Availability' })).toEqual(elected('p1', ['p2']));
    const ahead = [dead, member(1, at(4)), member(2, at(5), { isEligible: false })];
    expect(election({ members: ahead, policy: 'Availability' })).toEqual(elected('p1', ['p2']));
  });

  it('does not choose between histories that have parted, whatever the policy', () => {
    const members = [dead, member(1, at(5, 'a')), member(2, at(5, 'b'))];
    expect(election({ members, policy: 'Availability' })).toMatchObject({ reason: 'Diverged' });
  });

  it('takes whom a person decided for, and says who may hold more', () => {
    const members = [dead, member(1, at(4)), member(2, at(5), { isEligible: false })];
    expect(election({ members, chosen: 'p1' })).toEqual(elected('p1', ['p2']));
    const parted = [dead, member(1, at(5, 'a')), member(2, at(5, 'b'))];
    expect(election({ members: parted, chosen: 'p2' })).toEqual(elected('p2', ['p1']));
    expect(election({ members: [dead, member(1, null)], ackers: [], chosen: 'p1' })).toEqual(
      elected('p1', ['p0']),
    );
  });

  it('takes who holds everything, where somebody does, though a person decided for another', () => {
    const members = [dead, member(1, at(4)), member(2, at(5))];
    expect(election({ members, chosen: 'p1' })).toEqual(elected('p2'));
  });

  it('waits for whom a person decided for', () => {
    const members = [dead, member(1, at(5)), silent];
    expect(election({ members, chosen: 'p2' })).toMatchObject({ reason: 'NoCandidate', pods: ['p2'] });
  });
});

/** A primary that wrote `written`, of which each replica has received a part, and what of that an operator knows. */
const shards = fc
  .record({ written: fc.nat(20), replicas: fc.integer({ min: 1, max: 5 }) })
  .chain(({ written, replicas }) =>
    fc.record({
      written: fc.constant(written),
      isEndKnown: fc.boolean(),
      isFormerEligible: fc.boolean(),
      replicas: fc.array(
        fc.record({
          received: fc.nat(written),
          unapplied: fc.nat(5),
          isAcker: fc.boolean(),
          isKnown: fc.boolean(),
          isEligible: fc.boolean(),
          isRunning: fc.boolean(),
          isTerminating: fc.boolean(),
        }),
        { minLength: replicas, maxLength: replicas },
      ),
    }),
  );
type Shard = typeof shards extends fc.Arbitrary<infer T> ? T : never;

function inputOf(shard: Shard, change: Partial<ElectionInput<History>> = {}): ElectionInput<History> {
  const replicas = shard.replicas.map((replica, index) =>
    member(index + 1, replica.isKnown ? at(replica.received) : null, {
      applied: replica.isKnown ? at(Math.max(0, replica.received - replica.unapplied)) : null,
      isEligible: replica.isEligible,
      isRunning: replica.isRunning,
      isTerminating: replica.isTerminating,
    }),
  );
  return {
    members: [{ ...dead, isEligible: shard.isFormerEligible }, ...replicas],
    ackers: shard.replicas.flatMap(({ isAcker }, index) => (isAcker ? [`p${index + 1}`] : [])),
    former: 'p0',
    formerEnd: shard.isEndKnown ? at(shard.written) : null,
    policy: 'NoDataLoss',
    chosen: null,
    preferred: null,
    ...change,
  };
}

/** The longest history that may have been acknowledged. */
function acknowledged({ replicas }: Shard): number {
  return Math.max(0, ...replicas.filter(({ isAcker }) => isAcker).map(({ received }) => received));
}

function heldBy(shard: Shard, pod: string): number {
  return pod === 'p0' ? shard.written : (shard.replicas[Number(pod.slice(1)) - 1]?.received ?? -1);
}

describe('an election after a winner that never took writes', () => {
  /** p0 was elected with five writes of p9, the primary before, which is no acker any more. */
  const unable = member(0, at(5, '', 'p9'), { isEligible: false });
  const behind = member(1, at(4, '', 'p9'));
  const before = (end: History | null, change: Partial<ElectionMember<History>> = {}) =>
    member(9, end, { isRunning: false, ...change });
  const after = (...members: readonly ElectionMember<History>[]) =>
    election({ members: [unable, ...members], ackers: ['p0', 'p1'], formerEnd: at(5, '', 'p9') });

  it.each<readonly [string, readonly ElectionMember<History>[], string]>([
    ['who holds all of it', [member(1, at(5, '', 'p9')), before(at(7, '', 'p9'))], 'p1'],
    ['the primary before, which wrote the newest of it', [behind, before(at(5, '', 'p9'))], 'p9'],
    ['the same, with what nobody acknowledged', [behind, before(at(7, '', 'p9'))], 'p9'],
    [
      'the primary before rather than one that could not apply',
      [member(1, at(5, '', 'p9'), { isDoubtful: true }), before(at(5, '', 'p9'))],
      'p9',
    ],
    [
      'one that could not apply, where nobody else will do',
      [member(1, at(5, '', 'p9'), { isDoubtful: true }), before(at(4, '', 'p9'))],
      'p1',
    ],
  ])('elects %s', (_, members, pod) => {
    expect(after(...members)).toEqual(elected(pod));
  });

  it.each<readonly [string, readonly ElectionMember<History>[], object]>([
    ['the primary before lacks something', [behind, before(at(4, '', 'p9'))], { reason: 'NoCandidate' }],
    ['another has written since', [behind, before(at(7, '', 'p8'))], { reason: 'NoCandidate' }],
    ['its end is unknown', [behind, before(null)], { reason: 'NoCandidate' }],
    [
      'it cannot take over',
      [behind, before(at(7, '', 'p9'), { isEligible: false })],
      { reason: 'NoCandidate' },
    ],
    [
      'an acker is silent',
      [member(1, null, { isEligible: false }), before(at(7, '', 'p9'))],
      { reason: 'PositionsUnknown', pods: ['p1'] },
    ],
  ])('elects nobody while %s', (_, members, expected) => {
    expect(after(...members)).toMatchObject({ kind: 'blocked', ...expected });
  });

  it('elects nobody who is not on record after one that did', () => {
    const members = [{ ...unable, isEligible: false }, behind, before(at(7, '', 'p9'))];
    const result = election({ members, ackers: ['p1', 'p2'], formerEnd: null });
    expect(result).toMatchObject({ kind: 'blocked', reason: 'PositionsUnknown' });
  });
});

describe('whatever is known of a shard, an election', () => {
  it('never elects a member that lacks an acknowledged write', () => {
    fc.assert(
      fc.property(shards, (shard) => {
        const result = elect(inputOf(shard), arithmetic);
        const held = result.kind === 'elected' ? heldBy(shard, result.pod) : Infinity;
        expect(held).toBeGreaterThanOrEqual(acknowledged(shard));
        expect(result.kind === 'elected' ? result.mayMiss : []).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it('elects nobody while an acker is unknown, unless the dead primary’s own log is covered', () => {
    fc.assert(
      fc.property(shards, (shard) => {
        const input = inputOf(shard);
        const isUnknown = shard.replicas.some(({ isAcker, isKnown }) => isAcker && !isKnown);
        const result = elect(input, arithmetic);
        const winner = isUnknown && result.kind === 'elected' ? result.pod : null;
        expect(winner !== null && input.formerEnd === null).toBe(false);
        expect(winner === null ? shard.written : heldBy(shard, winner)).toBe(shard.written);
      }),
      { numRuns: 2000 },
    );
  });

  it('elects somebody when every acker is known and can take over', () => {
    fc.assert(
      fc.property(shards, (shard) => {
        const able = {
          ...shard,
          replicas: shard.replicas.map((each) => ({
            ...each,
            isAcker: true,
            isKnown: true,
            isEligible: true,
          })),
        };
        const result = elect(inputOf(able), arithmetic);
        expect(result.kind === 'elected' && heldBy(able, result.pod)).toBe(acknowledged(able));
      }),
    );
  });

  it('elects only who can take over, and says truly who may hold more', () => {
    fc.assert(
      fc.property(shards, (shard) => {
        const input = inputOf(shard, { policy: 'Availability' });
        const result = elect(input, arithmetic);
        if (result.kind !== 'elected') {
          return;
        }
        const { pod, mayMiss } = result;
        expect(input.members.find((each) => each.pod === pod)?.isEligible).toBe(true);
        for (const acker of input.ackers.filter((each) => heldBy(shard, each) > heldBy(shard, pod))) {
          expect(mayMiss).toContain(acker);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('has one outcome, in whatever order the members are listed', () => {
    fc.assert(
      fc.property(
        shards,
        fc.constantFrom('NoDataLoss', 'Availability'),
        fc.infiniteStream(fc.nat()),
        (shard, policy, keys) => {
          const input = inputOf(shard, { policy });
          const shuffled = input.members
            .map((each) => ({ each, key: keys.next().value as number }))
            .toSorted((left, right) => left.key - right.key)
            .map(({ each }) => each);
          const { kind, ...rest } = elect({ ...input, members: shuffled }, arithmetic);
          const expected = elect(input, arithmetic);
          expect(kind).toBe(expected.kind);
          expect('pod' in rest ? rest.pod : rest.best).toBe('pod' in expected ? expected.pod : expected.best);
        },
      ),
    );
  });
});
