import { describe, expect, it } from '@jest/globals';
import type { Clock } from '../../runtime/clock.ts';
import { systemClock } from '../../runtime/clock.ts';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import { createStallMonitor } from './stall-monitor.ts';

/** A clock whose timers fire late by as much as the test says. */
function delayedClock(): {
  readonly clock: Clock;
  readonly fake: FakeClock;
  readonly stall: (milliseconds: number) => void;
} {
  const fake = new FakeClock();
  let skipped = 0;
  return {
    fake,
    stall: (milliseconds) => (skipped += milliseconds),
    clock: {
      now: () => fake.now() + skipped,
      monotonic: () => fake.monotonic() + skipped,
      sleep: (milliseconds, signal) => fake.sleep(milliseconds, signal),
      setTimer: (milliseconds, callback) => fake.setTimer(milliseconds, callback),
    },
  };
}

describe('stall monitor', () => {
  it('knows of a stall while it lasts, when it ends, and a moment after', async () => {
    const { clock, fake, stall } = delayedClock();
    const monitor = createStallMonitor({ clock });
    const abort = new AbortController();
    const running = monitor.run(abort.signal);
    await fake.advance(1000);
    expect(monitor.isStalled()).toBe(false);
    expect(monitor.takeLongestStall()).toBe(0);
    expect(monitor.stalledMilliseconds()).toBe(0);
    stall(500);
    expect(monitor.isStalled()).toBe(true);
    expect(monitor.stalledMilliseconds()).toBeGreaterThanOrEqual(475);
    await fake.advance(25);
    expect(monitor.isStalled()).toBe(true);
    expect(monitor.takeLongestStall()).toBeGreaterThanOrEqual(500);
    await fake.advance(50);
    expect(monitor.isStalled()).toBe(false);
    expect(monitor.takeLongestStall()).toBe(0);
    expect(monitor.stalledMilliseconds()).toBe(500);
    abort.abort();
    await running;
  });

  it('does not count small delays', async () => {
    const { clock, fake, stall } = delayedClock();
    const monitor = createStallMonitor({ clock });
    const abort = new AbortController();
    const running = monitor.run(abort.signal);
    await settle();
    stall(90);
    expect(monitor.isStalled()).toBe(false);
    await fake.advance(25);
    expect(monitor.isStalled()).toBe(false);
    abort.abort();
    await running;
  });

  it('sees this very process being held up', async () => {
    // A busy machine may hold us up between the look that sees it and the question.
    const monitor = createStallMonitor({ clock: systemClock, settleMilliseconds: 60_000 });
    const abort = new AbortController();
    const running = monitor.run(abort.signal);
    await new Promise(setImmediate);
    for (const end = performance.now() + 200; performance.now() < end;);
    await new Promise(setImmediate);
    const isStalled = monitor.isStalled();
    abort.abort();
    await running;
    expect(isStalled).toBe(true);
  });
});
