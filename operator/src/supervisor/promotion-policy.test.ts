import { describe, expect, it } from '@jest/globals';
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import { mariadbPositions } from '../engines/mariadb/gtid.ts';
import type { PrimaryDiagnosis } from './diagnose-primary.ts';
import type { MemberObservation, ShardObservation } from './observe-shard.ts';
import { refusePromotion } from './promotion-policy.ts';
import { aMember, anObservation, aShard, PODS } from './testing/observations.ts';
import { at, ended, following, holding, knownAt } from './testing/states.ts';

const [PRIMARY, FIRST, SECOND] = PODS;
const lost: PrimaryDiagnosis = { kind: 'lost' };
const unreachable: PrimaryDiagnosis = { kind: 'unreachable', witness: 'silent', isConfirmed: true };
const dead = aMember(PRIMARY, ended(42));
const gone = aMember(PRIMARY, null, { exists: false });
const first = aMember(FIRST, holding(42));
const second = aMember(SECOND, holding(41));
const failing = following({ applying: { kind: 'failed', error: { number: 1032, message: 'no such row' } } });

const unable: PrimaryDiagnosis = { kind: 'unable', isConfirmed: true };
/** A winner of epoch 3 that cannot apply the last of 42 writes. */
const stuckWith = (epoch: number): MemberObservation =>
  aMember(
    PRIMARY,
    following(
      {
        receiving: { kind: 'stopped' },
        applying: { kind: 'failed', error: { number: 1062, message: 'a row is there' } },
      },
      { received: knownAt(42), applied: at(41), epoch: { kind: 'known', value: epoch } },
    ),
  );
const stuck = stuckWith(2);

interface Case {
  readonly diagnosis?: PrimaryDiagnosis;
  readonly members?: readonly MemberObservation[];
  readonly shard?: Partial<ShardMapShard>;
  readonly change?: Partial<ShardObservation>;
  readonly failover?: Partial<ShardObservation['failover']>;
  readonly chosen?: string;
}

function refuse({ diagnosis = lost, members = [dead, first, second], ...rest }: Case = {}) {
  const observation = anObservation(aShard(rest.shard), members, rest.change);
  const failover = { ...observation.failover, ...rest.failover };
  const wishes = { chosen: rest.chosen ?? null, preferred: null };
  return refusePromotion({ ...observation, failover }, diagnosis, wishes, mariadbPositions);
}

const blocked = (reason: string, rest = {}) => expect.objectContaining({ kind: 'blocked', reason, ...rest });
const notRestarting = () => expect.not.objectContaining({ restart: PRIMARY });
const waiting = { kind: 'waiting' };
const restarting = { kind: 'waiting', restart: PRIMARY };
const quiet = { kind: 'quiet' };

describe('a promotion', () => {
  it.each<readonly [string, Case]>([
    ['of a lost primary', {}],
    ['of a lost primary whose pod is gone', { members: [gone, first, second] }],
    ['of an unreachable primary', { diagnosis: unreachable, members: [aMember(PRIMARY), first, second] }],
    ['without a second acker, where the dead primary’s log is covered', { members: [dead, first] }],
    [
      'with loss, by the policy Availability',
      { members: [gone, first], failover: { policy: 'Availability' } },
    ],
    ['with loss, by a person’s word', { members: [gone, first], chosen: FIRST }],
    ['after the delay', { failover: { delaySeconds: 10 }, change: { troubledMilliseconds: 10_000 } }],
    ['of a proven death, however soon after the last', { change: { promotedMilliseconds: 1000 } }],
    [
      'without proof, after the pause',
      { diagnosis: unreachable, members: [gone, first, second], change: { promotedMilliseconds: 300_000 } },
    ],
    [
      'without proof, soon after the last, by a person’s word',
      {
        diagnosis: unreachable,
        members: [gone, first, second],
        change: { promotedMilliseconds: 1000 },
        chosen: FIRST,
      },
    ],
    [
      'without proof, of a winner that never took writes',
      {
        diagnosis: unreachable,
        members: [gone, first, second],
        change: { promotedMilliseconds: 1000, hasOpened: false },
        failover: { policy: 'Availability' },
      },
    ],
    [
      'of a winner that cannot apply, where another has all of it, at once',
      {
        diagnosis: unable,
        members: [stuck, first, second],
        change: { hasOpened: false, promotedMilliseconds: 1000, troubledMilliseconds: 1000 },
        failover: { delaySeconds: 10 },
      },
    ],
    [
      'of a winner that cannot apply, where another has all of it and one acker is silent',
      { diagnosis: unable, members: [stuck, first], change: { hasOpened: false } },
    ],
    [
      'of a winner that cannot apply, by who was the primary before and is back, though its server is down',
      {
        diagnosis: unable,
        shard: { ackers: [SECOND] },
        members: [stuck, aMember(FIRST, ended(43)), second],
        change: { hasOpened: false },
      },
    ],
    [
      'of a winner that cannot apply, by a person’s word, though it may have opened',
      { diagnosis: unable, members: [stuckWith(3), second], chosen: SECOND },
    ],
    [
      'from files, where the primary is gone for good',
      {
        diagnosis: unreachable,
        members: [gone, aMember(FIRST, ended(40, 42)), aMember(SECOND, ended(41, 41))],
      },
    ],
  ])('may begin %s', (_, change) => {
    expect(refuse(change)).toBeNull();
  });

  it.each<readonly [string, Case, object]>([
    ['while hibernated', { change: { isHibernated: true } }, quiet],
    ['where nobody acknowledges', { shard: { ackers: [] } }, quiet],
    ['before silence is confirmed', { diagnosis: { ...unreachable, isConfirmed: false } }, waiting],
    ['before a hang is confirmed', { diagnosis: { kind: 'hung', isConfirmed: false } }, waiting],
    ['before commits have hung for long', { diagnosis: { kind: 'stalled', isConfirmed: false } }, waiting],
    [
      'while a replica hears the primary',
      { diagnosis: { kind: 'unreachable', witness: 'alive', isConfirmed: false } },
      blocked('PrimaryNotProvenDead'),
    ],
    [
      'while nobody can say whether it lives',
      { diagnosis: { kind: 'unreachable', witness: 'nobody', isConfirmed: false } },
      blocked('PrimaryNotProvenDead'),
    ],
    [
      'without proof, soon after the last',
      { diagnosis: unreachable, members: [gone, first, second], change: { promotedMilliseconds: 299_999 } },
      blocked('PromotedRecently'),
    ],
    [
      'without proof, where a clock went back',
      { diagnosis: unreachable, members: [gone, first, second], change: { promotedMilliseconds: -60_000 } },
      blocked('PromotedRecently'),
    ],
    [
      'while an acker is silent and only the primary itself holds everything: it comes back by itself',
      { members: [aMember(PRIMARY, ended(43)), first] },
      restarting,
    ],
    [
      'while a winner is silent that never took writes: it alone may have those of the epoch before',
      { diagnosis: unreachable, members: [gone, first, second], change: { hasOpened: false } },
      blocked('AckersUnreachable'),
    ],
    [
      'while an acker is silent and the log is not known',
      { members: [gone, first] },
      blocked('AckersUnreachable'),
    ],
    [
      'while who holds the most cannot apply',
      { members: [gone, aMember(FIRST, failing), second] },
      blocked('NoCandidate'),
    ],
    [
      'while every server is down and the primary comes back by itself',
      { members: [dead, aMember(FIRST, ended(42)), aMember(SECOND, ended(42))] },
      restarting,
    ],
    [
      'before it is confirmed that a winner cannot apply',
      {
        diagnosis: { kind: 'unable', isConfirmed: false },
        members: [stuck, first],
        change: { hasOpened: false },
      },
      waiting,
    ],
    [
      'while a winner that cannot apply may have opened, by the word of a replica',
      { diagnosis: unable, members: [stuck, first, second] },
      blocked('PrimaryCannotApply', { best: null }),
    ],
    [
      'while a winner that cannot apply may have opened, by its own record',
      { diagnosis: unable, members: [stuckWith(3), first, second], change: { hasOpened: false } },
      blocked('PrimaryCannotApply', { best: null }),
    ],
    [
      'while nobody else holds what a winner has that cannot apply it',
      {
        diagnosis: unable,
        members: [stuck, second],
        change: { hasOpened: false },
        shard: { ackers: [SECOND] },
      },
      blocked('PrimaryCannotApply', { best: SECOND }),
    ],
    [
      'by who was the primary before, while an acker is silent',
      {
        diagnosis: unable,
        shard: { ackers: [SECOND] },
        members: [stuck, aMember(FIRST, ended(43))],
        change: { hasOpened: false },
      },
      blocked('PrimaryCannotApply'),
    ],
    [
      'by who was the primary before the one before',
      {
        diagnosis: unable,
        shard: { ackers: [SECOND] },
        members: [
          stuck,
          aMember(FIRST, { ...ended(43), ownEnd: { kind: 'known', value: '0-9-43' as never } }),
          second,
        ],
        change: { hasOpened: false },
      },
      blocked('PrimaryCannotApply'),
    ],
    [
      'before the delay',
      { failover: { delaySeconds: 10 }, change: { troubledMilliseconds: 9999 } },
      blocked('DelayNotOver'),
    ],
    [
      'before the delay, in which a primary that has only lost its server starts it again',
      { failover: { delaySeconds: 10 }, change: { troubledMilliseconds: 8000 } },
      blocked('DelayNotOver', { restart: PRIMARY }),
    ],
    [
      'before the delay, of a primary whose pod is gone',
      {
        failover: { delaySeconds: 10 },
        members: [gone, first, second],
        change: { troubledMilliseconds: 1000 },
      },
      notRestarting(),
    ],
    [
      'when who was decided for does not answer',
      { members: [gone, first], chosen: SECOND },
      blocked('NoCandidate'),
    ],
  ])('does not begin %s', (_, change, expected) => {
    expect(refuse(change)).toEqual(expected);
  });
});
