import { beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { createPatience, type Patience } from './patience.ts';

describe('createPatience', () => {
  let clock: FakeClock;
  let expired: number;
  let patience: Patience;

  beforeEach(() => {
    clock = new FakeClock();
    expired = 0;
    patience = createPatience(clock, 1000, () => (expired += 1));
  });

  it('ends after the time, once', async () => {
    patience.begin();
    await clock.advance(999);
    expect(expired).toBe(0);
    await clock.advance(1);
    expect(expired).toBe(1);
    await clock.advance(10_000);
    expect(expired).toBe(1);
  });

  it('is had anew with every beginning', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      patience.begin();
      await clock.advance(900);
    }
    expect(expired).toBe(0);
    await clock.advance(100);
    expect(expired).toBe(1);
  });

  it('is without end while nothing is waited for', async () => {
    patience.begin();
    await clock.advance(500);
    patience.end();
    await clock.advance(10_000);
    expect(expired).toBe(0);
    patience.begin();
    await clock.advance(1000);
    expect(expired).toBe(1);
  });

  it('sets one timer, however often it is begun', () => {
    for (let turn = 0; turn < 100; turn += 1) {
      patience.begin();
      patience.end();
    }
    expect(clock.pending).toBe(1);
  });
});
