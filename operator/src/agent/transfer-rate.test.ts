import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { createTransferRate } from './transfer-rate.ts';

describe('transfer rate', () => {
  it('is the mean while it is young, and that of the last seconds later', async () => {
    const clock = new FakeClock();
    const rate = createTransferRate(clock);
    expect(rate.bytesPerSecond()).toBe(0);
    for (let step = 0; step < 20; step += 1) {
      await clock.advance(100);
      rate.add(1000);
    }
    expect(rate.bytesPerSecond()).toBe(10_000);
    for (let step = 0; step < 100; step += 1) {
      await clock.advance(100);
      rate.add(5000);
    }
    expect(rate.bytesPerSecond()).toBeCloseTo(50_000, -4);
    expect(rate.bytes()).toBe(520_000);
  });

  it('falls to nothing when nothing comes any more', async () => {
    const clock = new FakeClock();
    const rate = createTransferRate(clock);
    rate.add(1_000_000);
    await clock.advance(1_000_000);
    expect(rate.bytesPerSecond()).toBe(1000);
  });
});
