import { describe, expect, it } from '@jest/globals';
import { RightsTurns } from './rights-turns.ts';

describe('RightsTurns', () => {
  it('lets a fence begin when the change that is under way has ended, and upkeep see that it has', async () => {
    const turns = new RightsTurns();
    const log: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const change = turns.take(async () => {
      log.push(`change, fencing: ${turns.isFencing('a')}`);
      await promise;
      log.push('changed');
    });
    const next = turns.take(async () =>
      log.push(`next, fencing: ${turns.isFencing('a')} ${turns.isFencing('b')}`),
    );
    const fence = turns.fencing('a', async () => log.push('fence'));
    resolve();
    await Promise.all([change, next, fence]);
    expect(log).toEqual(['change, fencing: true', 'changed', 'next, fencing: true false', 'fence']);
    expect(turns.isFencing('a')).toBe(false);
  });

  it('goes on after a change that failed', async () => {
    const turns = new RightsTurns();
    await expect(turns.take(async () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    await expect(turns.take(async () => 'done')).resolves.toBe('done');
  });

  it('counts fences of one database', async () => {
    const turns = new RightsTurns();
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = turns.fencing('a', () => promise);
    await turns.fencing('a', async () => {});
    expect(turns.isFencing('a')).toBe(true);
    resolve();
    await first;
    expect(turns.isFencing('a')).toBe(false);
  });
});
