import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { known, unknown } from '../engines/measure.ts';
import type { MemberState } from '../engines/member-state.ts';
import { judgeReadFitness, NOT_FIT_YET, type ReadFitness } from './read-fitness.ts';
import { aFollowing, aMember } from './testing/observations.ts';

const replica = (lagMilliseconds: number): MemberState =>
  aMember({ role: { kind: 'replica', following: aFollowing({ lagMilliseconds: known(lagMilliseconds) }) } });

/** Verdicts on a series of states, half a second apart. */
function judge(states: readonly (MemberState | null)[], maxLagSeconds = 5, first = NOT_FIT_YET): boolean[] {
  let verdict: ReadFitness = first;
  return states.map((member, index) => {
    verdict = judgeReadFitness(verdict, { member, maxLagSeconds, now: index * 500 });
    return verdict.isFit;
  });
}

const FIT: ReadFitness = { isFit: true, reason: '', recoveringSince: null };

describe('judgeReadFitness', () => {
  it('takes a replica in once it was within 80 % of the limit for two seconds', () => {
    expect(judge([replica(4000), replica(4000), replica(4000), replica(4000), replica(4000)])).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  it('starts counting anew when it was beyond 80 % in between', () => {
    const states = [3000, 3000, 4500, 3000, 3000, 3000, 3000, 3000].map(replica);
    expect(judge(states)).toEqual([false, false, false, false, false, false, false, true]);
  });

  it('leaves a replica in between 80 % and the limit, and puts it out beyond', () => {
    expect(judge([replica(4500), replica(5000), replica(5001)], 5, FIT)).toEqual([true, true, false]);
  });

  it('counts no limit below a second, which heartbeats cannot show', () => {
    expect(judge([replica(900)], 0, FIT)).toEqual([true]);
    expect(judge([replica(1001)], 0, FIT)).toEqual([false]);
  });

  it.each([
    ['unknown lag', aFollowing({ lagMilliseconds: unknown('no heartbeat was ever written') })],
    ['no receiving', aFollowing({ receiving: { kind: 'connecting' } })],
    ['failed applying', aFollowing({ applying: { kind: 'failed', error: { number: 1062, message: 'x' } } })],
  ])('puts a replica out at once: %s', (_what, following) => {
    expect(judge([aMember({ role: { kind: 'replica', following } })], 5, FIT)).toEqual([false]);
  });

  it('goes by the server alone for a primary: open is fit, closed is not', () => {
    expect(judge([aMember({ role: { kind: 'primary' } }), aMember(), null], 5, FIT)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('is never fit beyond the limit, and gives a reason whenever it is not', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1 }), (lags) => {
        let verdict = NOT_FIT_YET;
        lags.forEach((lag, index) => {
          verdict = judgeReadFitness(verdict, { member: replica(lag), maxLagSeconds: 5, now: index * 500 });
          expect(verdict.isFit && lag > 5000).toBe(false);
          expect(verdict.reason === '').toBe(verdict.isFit);
        });
      }),
    );
  });
});
