import { describe, expect, it } from '@jest/globals';
import { findProblems } from './problems.ts';
import { aFollowing, aMember } from './testing/observations.ts';

const NONE = { decision: null, member: null, usage: null, startsInVain: 0, failures: [] };
const error = { number: 1062, message: 'Duplicate entry' };

describe('findProblems', () => {
  it('finds none where there is none', () => {
    expect(findProblems({ ...NONE, member: aMember() })).toEqual([]);
  });

  it('tells what the agent waits for, what replication says, how full the volume is and what failed', () => {
    const following = aFollowing({
      receiving: { kind: 'connecting', error: { number: 1045, message: 'Access denied' } },
      applying: { kind: 'failed', error },
    });
    const problems = findProblems({
      decision: { kind: 'wait', reason: 'volume', problem: { reason: 'PrimaryVolumeEmpty', message: 'x' } },
      member: aMember({ role: { kind: 'replica', following } }),
      usage: { usedBytes: 90, totalBytes: 100 },
      startsInVain: 0,
      failures: [{ reason: 'CloneFailed', message: 'y' }],
    });
    expect(problems.map(({ reason }) => reason)).toEqual([
      'PrimaryVolumeEmpty',
      'ReceivingFailed',
      'ApplyingFailed',
      'VolumeNearlyFull',
      'CloneFailed',
    ]);
    expect(problems[2]?.message).toBe('Error 1062: Duplicate entry');
  });

  it('tells of a server that does not start', () => {
    expect(findProblems({ ...NONE, startsInVain: 2 })).toEqual([]);
    expect(findProblems({ ...NONE, startsInVain: 3 })).toMatchObject([{ reason: 'ServerDoesNotStart' }]);
  });

  it('keeps messages short enough for a condition', () => {
    const [problem] = findProblems({ ...NONE, failures: [{ reason: 'X', message: 'x'.repeat(10_000) }] });
    expect(problem?.message.length).toBe(500);
  });
});
