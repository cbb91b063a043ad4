import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { createPacing } from './pacing.ts';

describe('createPacing', () => {
  const clock = new FakeClock();
  const pacing = createPacing(clock, () => 0.5);

  it('holds up nothing the first time, and more each time it is done again', async () => {
    const delays: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      await clock.advance(pacing.delay('start'));
      expect(pacing.delay('start')).toBe(0);
      pacing.done('start');
      delays.push(pacing.delay('start'));
    }
    expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000]);
    expect(pacing.delay('follow')).toBe(0);
  });

  it('starts over for what was not done for half a minute', async () => {
    await clock.advance(15_000 + 30_001);
    pacing.done('start');
    expect(pacing.delay('start')).toBe(100);
  });

  it('holds up no longer than it is told', async () => {
    for (let round = 0; round < 5; round += 1) {
      pacing.done('follow');
    }
    await clock.advance(5);
    expect(pacing.delay('follow', 20)).toBe(15);
    expect(pacing.delay('follow')).toBe(1595);
    await clock.advance(5000);
  });

  it.each([
    ['connect', 400],
    ['ensureDatabases', 1000],
  ])('never keeps waiting for long what others wait for: %s', async (name, longest) => {
    for (let round = 0; round < 10; round += 1) {
      pacing.done(name);
      expect(pacing.delay(name)).toBeLessThanOrEqual(longest);
      await clock.advance(pacing.delay(name));
    }
  });
});
