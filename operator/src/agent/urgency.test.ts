import { describe, expect, it } from '@jest/globals';
import { known, type Measure, unknown } from '../engines/measure.ts';
import type { MemberState } from '../engines/member-state.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import type { Decision } from './decision.ts';
import { aFollowing, aMember, anEntry, REPLICA } from './testing/observations.ts';
import { Urgency } from './urgency.ts';

const follow: Decision = { kind: 'follow', primary: REPLICA };
const clone: Decision = { kind: 'clone', from: [REPLICA] };
const waitFor = (reason: 'acknowledger' | 'change'): Decision => ({ kind: 'wait', reason });
const view = (change: Parameters<typeof anEntry>[0] = {}) =>
  ({ kind: 'known', shard: anEntry(change) }) as const;

describe('Urgency', () => {
  it('hurries what clients wait for after a change of roles, for ten seconds', async () => {
    const clock = new FakeClock();
    const urgency = new Urgency(clock);
    urgency.note(view());
    expect([urgency.takeNews(), urgency.longestPause(follow, null)]).toEqual([false, Infinity]);

    urgency.note(view({ epoch: 4, primary: null }));
    expect([urgency.takeNews(), urgency.takeNews()]).toEqual([true, false]);
    expect([follow, waitFor('acknowledger')].map((each) => urgency.longestPause(each, null))).toEqual([
      15, 15,
    ]);
    expect([clone, waitFor('change')].map((each) => urgency.longestPause(each, null))).toEqual([
      Infinity,
      Infinity,
    ]);

    await clock.advance(10_000);
    expect(urgency.longestPause(follow, null)).toBe(Infinity);
    urgency.note(view({ epoch: 4, primary: REPLICA }));
    expect(urgency.longestPause(follow, null)).toBe(15);
  });

  it('knows for a second that a map is new, but not the first one', async () => {
    const clock = new FakeClock();
    const urgency = new Urgency(clock);
    urgency.note(view());
    expect(urgency.isNew).toBe(false);
    urgency.note(view({ epoch: 4, primary: REPLICA }));
    await clock.advance(999);
    expect(urgency.isNew).toBe(true);
    await clock.advance(1);
    expect(urgency.isNew).toBe(false);
  });

  it('looks more often at a replica that hears nothing', () => {
    const urgency = new Urgency(new FakeClock());
    const replica = (silence: Measure): MemberState =>
      aMember({ role: { kind: 'replica', following: aFollowing({ silentMilliseconds: silence }) } });
    const pauses = [known(0), known(450), unknown('it does not receive')].map((silence) =>
      urgency.longestPause(waitFor('change'), replica(silence)),
    );
    expect(pauses).toEqual([Infinity, 100, Infinity]);
  });

  it('takes neither other changes of the map nor an unreadable one for a change of roles', () => {
    const urgency = new Urgency(new FakeClock());
    urgency.note(view());
    urgency.note(view({ ackers: [] }));
    urgency.note({ kind: 'unreadable', reason: 'x' });
    urgency.note(view());
    expect(urgency.takeNews()).toBe(false);
  });
});
