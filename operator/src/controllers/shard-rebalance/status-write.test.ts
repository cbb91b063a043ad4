import { describe, expect, it } from '@jest/globals';
import type { ShardRebalanceStatus } from '../../api/v1alpha1/index.ts';
import { decideStatusWrite } from './status-write.ts';

function running(rowsDone: number, change: Partial<ShardRebalanceStatus> = {}): ShardRebalanceStatus {
  const counts = { total: 2, pending: 1, running: 1, soaking: 0, done: 0, undone: 0, failed: 0 };
  const rates = { bytesDone: 0, rowsPerSecond: 0, bytesPerSecond: 0 };
  return { phase: 'Running', progress: { ...counts, ...rates, rowsDone }, ...change };
}

describe('decideStatusWrite', () => {
  it('writes what was never written, and what is told otherwise', () => {
    expect(decideStatusWrite(undefined, running(0), undefined)).toEqual({ kind: 'write' });
    expect(decideStatusWrite(running(0), running(0, { phase: 'Held' }), 1)).toEqual({ kind: 'write' });
  });

  it('keeps what is the same, in whatever order', () => {
    const { progress } = running(1);
    expect(decideStatusWrite(running(1), { progress: progress as never, phase: 'Running' }, 1)).toEqual({
      kind: 'keep',
    });
  });

  it('writes figures every few seconds while moves run, and seldom otherwise', () => {
    expect(decideStatusWrite(running(0), running(9), 1000)).toEqual({ kind: 'later', milliseconds: 2000 });
    expect(decideStatusWrite(running(0), running(9), 3000)).toEqual({ kind: 'write' });
    expect(decideStatusWrite(running(0), running(9), undefined)).toEqual({ kind: 'write' });
    const quiet = (rows: number): ShardRebalanceStatus => {
      const status = running(rows);
      return {
        ...status,
        progress: { ...status.progress, running: 0 } as NonNullable<typeof status.progress>,
      };
    };
    expect(decideStatusWrite(quiet(0), quiet(9), 3000)).toEqual({ kind: 'later', milliseconds: 57_000 });
  });
});
