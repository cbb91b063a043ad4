import { describe, expect, it } from '@jest/globals';
import type { ShardMapMove } from '../../api/v1alpha1/index.ts';
import { aSplit } from '../../api/v1alpha1/testing/moves.ts';
import { readWriteToken } from '../session/write-token.ts';
import { closedDatabases, describeMove, moveInTheWay, readMoves, replicaFloor } from './moves.ts';

const WROTE = readWriteToken('1-1-7') ?? new Map();

function movesIn(phase: ShardMapMove['phase']) {
  const opened = phase === 'Copying' || phase === 'Switching' ? {} : { openedAt: '1-1-9' };
  return readMoves([aSplit(phase, opened)]);
}

describe('a slot that is split, as statements meet it', () => {
  it('holds statements while it is switched, and only then', () => {
    const target = { shard: 1, database: 'log_s0000', mode: 'write' } as const;
    expect(moveInTheWay(movesIn('Copying'), target)).toBeUndefined();
    expect(moveInTheWay(movesIn('Switching'), target)?.id).toBe('cut-1');
    expect(moveInTheWay(movesIn('Soaking'), { ...target, database: 'log_s0004' })).toBeUndefined();
    expect(moveInTheWay(movesIn('Returning'), { ...target, database: 'log_s0004' })?.id).toBe('cut-1');
    expect(moveInTheWay(movesIn('Returning'), { ...target, database: 'log_s0005' })?.id).toBe('cut-1');
    expect(moveInTheWay(movesIn('Undoing'), target)).toBeUndefined();
  });

  it('has sessions leave the database that ends, and no other', () => {
    const closed = (phase: ShardMapMove['phase']) => [...(closedDatabases(movesIn(phase)).get(1) ?? [])];
    expect(closed('Copying')).toEqual([]);
    expect(closed('Undoing')).toEqual([]);
    expect(closed('Switching')).toEqual(['log_s0000']);
    expect(closed('Soaking')).toEqual(['log_s0000']);
    expect(closed('Finishing')).toEqual(['log_s0000']);
    expect(closed('Returning')).toEqual(['log_s0000', 'log_s0004', 'log_s0005']);
  });

  it('has replicas serve its parts once they have all that was copied, also to who wrote before', () => {
    const expected = { kind: 'position', position: readWriteToken('1-1-9') };
    for (const database of ['log_s0004', 'log_s0005']) {
      expect(replicaFloor(movesIn('Soaking'), database, 1, WROTE)).toEqual(expected);
      expect(replicaFloor(movesIn('Finishing'), database, 1, WROTE)).toEqual(expected);
    }
    expect(replicaFloor(movesIn('Copying'), 'log_s0000', 1, WROTE)).toEqual({ kind: 'any' });
  });

  it('is read from the primary after a return by who wrote to a part: its replicas get that later', () => {
    expect(replicaFloor(movesIn('Undoing'), 'log_s0000', 1, WROTE)).toEqual({ kind: 'none' });
    expect(replicaFloor(movesIn('Undoing'), 'log_s0000', 1, new Map())).toEqual({ kind: 'any' });
  });

  it('is told as what it is', () => {
    expect(describeMove(aSplit('Copying'))).toBe('slot 0 of log is split into 4 and 5 (Copying, attempt 1)');
  });
});
