import { describe, expect, it } from '@jest/globals';
import type { MoveLimits } from '../api/v1alpha1/index.ts';
import { KeptLimits, TRY_AGAIN_MILLISECONDS } from './kept-limits.ts';

const { maxRunningThreads, ...OLD }: MoveLimits = {
  rowsPerSecond: 100,
  bytesPerSecond: 1000,
  batchRows: 10,
  maxReplicaLagSeconds: 3,
  maxRunningThreads: 25,
  paused: false,
};
const WANTED: MoveLimits = { ...OLD, maxRunningThreads };

describe('KeptLimits', () => {
  it('has limits written that are not stored, or stored otherwise', () => {
    const kept = new KeptLimits();
    expect(kept.isDue(WANTED, undefined, 0)).toBe(true);
    expect(kept.isDue(WANTED, { ...WANTED, paused: true }, 0)).toBe(true);
    expect(kept.isDue(WANTED, { ...WANTED }, 0)).toBe(false);
  });

  it('takes a field without a value for one that is not there', () => {
    const unset = { ...OLD, maxRunningThreads: undefined } as unknown as MoveLimits;
    expect(new KeptLimits().isDue(unset, OLD, 0)).toBe(false);
  });

  it('writes what is not kept once a minute, and says so meanwhile', () => {
    const kept = new KeptLimits();
    kept.note(WANTED, OLD, 1000);
    expect(kept.hold(WANTED)).toMatchObject({
      reason: 'DefinitionsOutdated',
      message: expect.stringContaining('does not keep maxRunningThreads of'),
    });
    expect(kept.isDue(WANTED, OLD, 1000 + TRY_AGAIN_MILLISECONDS - 1)).toBe(false);
    expect(kept.isDue(WANTED, OLD, 1000 + TRY_AGAIN_MILLISECONDS)).toBe(true);
  });

  it('writes other limits at once', () => {
    const kept = new KeptLimits();
    kept.note(WANTED, OLD, 1000);
    expect(kept.isDue({ ...WANTED, paused: true }, OLD, 1001)).toBe(true);
    expect(kept.hold({ ...WANTED, paused: true })).toBeNull();
  });

  it('holds nothing any more once they are kept', () => {
    const kept = new KeptLimits();
    kept.note(WANTED, OLD, 1000);
    kept.note(WANTED, WANTED, 2000);
    expect(kept.hold(WANTED)).toBeNull();
  });
});
