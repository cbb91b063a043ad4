import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import type { Decision } from './decision.ts';
import { anEntry, REPLICA } from './testing/observations.ts';
import { Urgency } from './urgency.ts';

const follow: Decision = { kind: 'follow', primary: REPLICA };
const clone: Decision = { kind: 'clone', from: [REPLICA] };
const waitFor = (reason: 'acknowledger' | 'change'): Decision => ({ kind: 'wait', reason });
const known = (change: Parameters<typeof anEntry>[0] = {}) =>
  ({ kind: 'known', shard: anEntry(change) }) as const;

describe('Urgency', () => {
  it('hurries what clients wait for after a change of roles, for ten seconds', async () => {
    const clock = new FakeClock();
    const urgency = new Urgency(clock);
    urgency.note(known());
    expect([urgency.takeNews(), urgency.longestPause(follow)]).toEqual([false, Infinity]);

    urgency.note(known({ epoch: 4, primary: null }));
    expect([urgency.takeNews(), urgency.takeNews()]).toEqual([true, false]);
    expect([follow, waitFor('acknowledger')].map((each) => urgency.longestPause(each))).toEqual([15, 15]);
    expect([clone, waitFor('change')].map((each) => urgency.longestPause(each))).toEqual([
      Infinity,
      Infinity,
    ]);

    await clock.advance(10_000);
    expect(urgency.longestPause(follow)).toBe(Infinity);
    urgency.note(known({ epoch: 4, primary: REPLICA }));
    expect(urgency.longestPause(follow)).toBe(15);
  });

  it('takes neither other changes of the map nor an unreadable one for a change of roles', () => {
    const urgency = new Urgency(new FakeClock());
    urgency.note(known());
    urgency.note(known({ ackers: [] }));
    urgency.note({ kind: 'unreadable', reason: 'x' });
    urgency.note(known());
    expect(urgency.takeNews()).toBe(false);
  });
});
