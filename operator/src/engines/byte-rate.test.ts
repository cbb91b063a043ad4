import { describe, expect, it } from '@jest/globals';
import type { Clock } from '../runtime/clock.ts';
import { createByteRate } from './byte-rate.ts';

/** A clock on which only sleeping passes time. */
function createClock(): Clock & { advance(milliseconds: number): void } {
  let now = 0;
  return {
    now: () => now,
    monotonic: () => now,
    async sleep(milliseconds) {
      now += milliseconds;
    },
    setTimer: () => ({ cancel() {} }),
    advance(milliseconds) {
      now += milliseconds;
    },
  };
}

const signal = new AbortController().signal;

describe('createByteRate', () => {
  it('lets no more than the rate pass over time', async () => {
    const clock = createClock();
    const rate = createByteRate(1000, clock);
    for (let piece = 0; piece < 10; piece += 1) {
      await rate.pass(500, signal);
    }
    expect(clock.monotonic()).toBe(4500);
  });

  it('lets a pause earn no burst', async () => {
    const clock = createClock();
    const rate = createByteRate(1000, clock);
    clock.advance(60_000);
    await rate.pass(1000, signal);
    await rate.pass(1000, signal);
    expect(clock.monotonic()).toBe(61_000);
  });

  it('holds nothing up without a limit, or once lifted', async () => {
    const clock = createClock();
    await createByteRate(undefined, clock).pass(1e9, signal);
    const rate = createByteRate(1, clock);
    rate.lift();
    await rate.pass(1e9, signal);
    await rate.pass(1e9, signal);
    expect(clock.monotonic()).toBe(0);
  });
});
