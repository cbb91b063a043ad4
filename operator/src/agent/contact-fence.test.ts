import { describe, expect, it } from '@jest/globals';
import { ContactFence, takesGuardedWrites } from './contact-fence.ts';
import { acknowledgedBy, aFollowing, aMember } from './testing/observations.ts';

type Happening = 'operator' | 'replica' | 'open' | 'closed' | { readonly stall: number };

/** Plays what happens at which millisecond, and returns when the server is killed; null where it never is. */
function killedAt(
  happenings: readonly (readonly [number, Happening])[],
  fenceMilliseconds: number | ((now: number) => number) = 1000,
): number | null {
  const fence = new ContactFence(0);
  let skipTo = 0;
  for (let now = 0; now <= 10_000; now += 50) {
    for (const [, happening] of happenings.filter(([at]) => at === now)) {
      if (happening === 'operator' || happening === 'replica') {
        fence.heard(now);
      } else if (typeof happening === 'object') {
        skipTo = now + happening.stall;
      } else {
        fence.note(happening === 'open', now);
      }
    }
    const limit = typeof fenceMilliseconds === 'number' ? fenceMilliseconds : fenceMilliseconds(now);
    if (now % 100 === 0 && now >= skipTo && now > 0 && fence.isCutOff(limit, now)) {
      return now;
    }
  }
  return null;
}

const every = (
  milliseconds: number,
  happening: Happening,
  until = 10_000,
): readonly (readonly [number, Happening])[] =>
  Array.from({ length: Math.floor(until / milliseconds) + 1 }, (_, index) => [
    index * milliseconds,
    happening,
  ]);

const open = [[0, 'open']] as const;

describe('takesGuardedWrites', () => {
  it.each([
    ['an open primary', { role: { kind: 'primary' }, ...acknowledgedBy(0) }, true],
    ['an open primary whose commits wait for nobody', { role: { kind: 'primary' } }, false],
    ['a closed one', { role: { kind: 'detached' }, ...acknowledgedBy(1) }, false],
    ['a replica', { role: { kind: 'replica', following: aFollowing() } }, false],
  ] as const)('%s', (_name, change, expected) => {
    expect(takesGuardedWrites(aMember(change))).toBe(expected);
  });
});

describe('ContactFence', () => {
  it.each([
    ['both are heard', [...open, ...every(250, 'operator'), ...every(400, 'replica')], null],
    ['only the operator is gone', [...open, ...every(400, 'replica')], null],
    ['only the replicas are gone', [...open, ...every(250, 'operator')], null],
    ['both go', [...open, ...every(250, 'operator', 3000), ...every(400, 'replica', 2800)], 4000],
    [
      'the replicas go later',
      [...open, ...every(250, 'operator', 1000), ...every(400, 'replica', 4000)],
      5000,
    ],
    ['nobody was ever heard', open, 1000],
    ['the server opens late', [[5000, 'open']], 6000],
    ['the server is closed', [[0, 'closed']], null],
    ['the server is closed in time', [...open, [900, 'closed']], null],
    ['the server is opened again', [...open, [900, 'closed'], [3000, 'open']], 4000],
    ['somebody is heard just in time', [...open, [950, 'operator']], 2000],
  ] as const)('%s', (_name, happenings, expected) => {
    expect(killedAt(happenings)).toBe(expected);
  });

  it('keeps to the seconds that are set, also when they change', () => {
    expect(killedAt(open, 3000)).toBe(3000);
    expect(killedAt(open, (now) => (now < 2000 ? 5000 : 2500))).toBe(2500);
  });

  it('does not take its own stall for silence, and listens first when it is over', () => {
    expect(killedAt([...open, [100, { stall: 5000 }], [5150, 'operator']])).toBe(6200);
  });

  it('takes the rest of the silence for what it is', () => {
    // 5.1 s, of which 4.9 were the stall beyond a tick's time.
    expect(killedAt([...open, [200, { stall: 5000 }]])).toBe(6000);
  });

  it('excuses one stall only until somebody is heard', () => {
    const starved = [300, 800, 1300, 1800].map((at) => [at, { stall: 400 }] as const);
    expect(killedAt([...open, ...starved])).toBe(1700);
    expect(killedAt([...open, ...starved, ...every(200, 'replica')])).toBe(null);
  });
});
