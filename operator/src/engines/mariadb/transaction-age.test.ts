import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { known } from '../measure.ts';
import type { Connection } from './connection.ts';
import { TransactionAge } from './transaction-age.ts';

describe('TransactionAge', () => {
  const { signal } = new AbortController();

  it('asks every other second, and only where clients can write', async () => {
    const clock = new FakeClock();
    const age = new TransactionAge(clock);
    let asked = 0;
    const connection = {
      async query() {
        asked += 1;
        return [{ seconds: asked * 10 }];
      },
    } as unknown as Connection;
    const measure = (isOpen: boolean) => age.measure(connection, isOpen, 1000, signal);
    expect((await measure(false)).kind).toBe('unknown');
    expect([await measure(true), await measure(true), asked]).toEqual([known(10), known(10), 1]);
    await clock.advance(2000);
    expect([await measure(true), asked]).toEqual([known(20), 2]);
  });
});
