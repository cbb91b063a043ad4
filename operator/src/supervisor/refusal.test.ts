import { describe, expect, it } from '@jest/globals';
import type { ElectionResult } from '../core/election.ts';
import { describeRefusal, type Refusal, refusalOf, refusalOfUnable } from './refusal.ts';
import { aMember, anObservation, aShard, PODS } from './testing/observations.ts';
import { following } from './testing/states.ts';

const [PRIMARY, FIRST, SECOND] = PODS;
const CLUSTER = { namespace: 'shop', name: 'demo' };

type Blocked = Extract<ElectionResult, { kind: 'blocked' }>;

function refuse(change: Partial<Blocked>, shard = aShard()): Refusal {
  return refusalOf(shard, {
    kind: 'blocked',
    reason: 'PositionsUnknown',
    pods: [SECOND],
    best: FIRST,
    ...change,
  });
}

describe('an election without a winner', () => {
  it.each<readonly [Partial<Blocked>, string, RegExp]>([
    [{}, 'AckersUnreachable', /may be on demo-shard-0-2 and nowhere else.*Bring one.*or demo-shard-0-0/u],
    [{ pods: [] }, 'AckersUnreachable', /^Nobody but demo-shard-0-0 is known to have acknowledged/u],
    [
      { reason: 'Diverged', pods: [FIRST, SECOND] },
      'PositionsDiverged',
      /demo-shard-0-1, demo-shard-0-2 have parted/u,
    ],
    [{ reason: 'NoCandidate' }, 'NoCandidate', /demo-shard-0-2 would have to take over from demo-shard-0-0/u],
  ])('is told as %j', (change, reason, message) => {
    expect(refuse(change)).toEqual({
      kind: 'blocked',
      reason,
      message: expect.stringMatching(message),
      best: FIRST,
    });
  });
});

describe('a winner that cannot apply', () => {
  const applying = { kind: 'failed', error: { number: 1062, message: 'Duplicate entry' } } as const;
  const observation = anObservation(aShard(), [aMember(PRIMARY, following({ applying }))]);
  const blocked = { kind: 'blocked', best: FIRST } as const;
  it.each<readonly [Blocked | null, RegExp, string | null]>([
    [null, /may have taken writes in epoch 3/u, null],
    [{ ...blocked, reason: 'PositionsUnknown', pods: [SECOND] }, /no word from demo-shard-0-2/u, FIRST],
    [{ ...blocked, reason: 'Diverged', pods: [FIRST, SECOND] }, /have parted/u, FIRST],
    [{ ...blocked, reason: 'NoCandidate', pods: [PRIMARY] }, /Bring back whoever was the primary/u, FIRST],
  ])('keeps its place: %j', (election, why, best) => {
    const refusal = refusalOfUnable(observation, election);
    expect(refusal).toMatchObject({ kind: 'blocked', reason: 'PrimaryCannotApply', best });
    const { message } = describeRefusal(refusal, CLUSTER, aShard()) ?? {};
    expect(message).toMatch(why);
    expect(message).toMatch(
      /^demo-shard-0-0 was elected, and cannot apply .*\(error 1062: Duplicate entry\)/u,
    );
  });
});

describe('what a person is told', () => {
  it('has the command that decides, for the epoch that a promotion would begin', () => {
    expect(describeRefusal(refuse({}), CLUSTER, aShard({ epoch: 3 }))).toEqual({
      reason: 'AckersUnreachable',
      message: expect.stringMatching(
        /If that is impossible, promote demo-shard-0-1, which may lose acknowledged writes: kubectl annotate shardedcluster demo --namespace=shop --overwrite promote\.shardwright\.io\/shard-0=demo-shard-0-1\/4$/u,
      ),
    });
  });

  it('has the epoch that is under way, once a promotion has begun', () => {
    const shard = aShard({ epoch: 4, primary: null, formerPrimary: PRIMARY, replicas: [...PODS] });
    const { message } = describeRefusal(refuse({}, shard), CLUSTER, shard) ?? {};
    expect(message).toMatch(/or demo-shard-0-0\. .*=demo-shard-0-1\/4$/u);
  });

  it('has no command where there is nobody to decide for', () => {
    const problem = describeRefusal(refuse({ best: null }), CLUSTER, aShard());
    expect(problem?.message).not.toContain('kubectl');
  });

  it.each<Refusal>([{ kind: 'quiet' }, { kind: 'waiting' }, { kind: 'waiting', restart: PRIMARY }])(
    'is nothing where it is %j',
    (refusal) => {
      expect(describeRefusal(refusal, CLUSTER, aShard())).toBeNull();
    },
  );
});
