import { describe, expect, it } from '@jest/globals';
import type { Position } from '../engines/position.ts';
import { measureVolume, planRetention, volumeProblem } from './volume-usage.ts';

const EMPTY = '' as Position;
const at = '0-1-42' as Position;
const usage = (usedBytes: number) => ({ usedBytes, totalBytes: 1000 });

describe('volumeProblem', () => {
  it('tells of a volume from 85 % on, with a remedy', () => {
    expect(volumeProblem(usage(849))).toBeNull();
    expect(volumeProblem(usage(850))).toMatchObject({
      reason: 'VolumeNearlyFull',
      message: expect.stringMatching(/85 % full.*larger volumes/),
    });
    expect(volumeProblem(null)).toBeNull();
  });
});

describe('planRetention', () => {
  it('keeps a tenth of the volume for whoever returns, and what anybody on record needs', () => {
    expect(planRetention(usage(100), 50, [at], EMPTY)).toEqual({ neededAfter: [at], maximumBytes: 100 });
  });

  it('keeps little beyond what is needed while the volume is nearly full', () => {
    expect(planRetention(usage(900), 50, [at], EMPTY)).toEqual({ neededAfter: [at], maximumBytes: 10 });
  });

  it('counts everything as needed by a member that was not seen', () => {
    expect(planRetention(usage(100), 50, [at, null], EMPTY).neededAfter).toEqual([at, EMPTY]);
  });

  it('lets go of what is needed beyond half the volume: that member is cloned', () => {
    expect(planRetention(usage(700), 501, [null], EMPTY)).toEqual({ neededAfter: [], maximumBytes: 500 });
  });
});

describe('measureVolume', () => {
  it('measures a file system', async () => {
    const { usedBytes, totalBytes } = await measureVolume('/');
    expect(usedBytes).toBeGreaterThan(0);
    expect(totalBytes).toBeGreaterThan(usedBytes);
  });
});
