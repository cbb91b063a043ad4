import { describe, expect, it } from '@jest/globals';
import type { MovePhase, ShardMapMove } from '../../api/v1alpha1/index.ts';
import { aMove } from '../../api/v1alpha1/testing/moves.ts';
import { EMPTY_TOKEN, readWriteToken } from '../session/write-token.ts';
import { closedDatabases, describeMove, moveInTheWay, readMoves, replicaFloor } from './moves.ts';

const copy = (phase: MovePhase): ShardMapMove => {
  const { slot: _slot, ...move } = aMove(phase, { unit: 'Reference' });
  return move;
};
const SLOT = 'app_s0005';

describe('a statement of a slot that moves', () => {
  it.each<[MovePhase, boolean]>([
    ['Copying', false],
    ['Switching', true],
    ['Soaking', false],
    ['Returning', true],
    ['Undoing', false],
    ['Finishing', false],
  ])('in %s waits: %s', (phase, waits) => {
    const moves = readMoves([aMove(phase)]);
    for (const mode of ['read', 'write'] as const) {
      expect(moveInTheWay(moves, { shard: 0, database: SLOT, mode }) !== undefined).toBe(waits);
      expect(moveInTheWay(moves, { shard: 0, database: 'app_s0006', mode })).toBeUndefined();
      expect(moveInTheWay(moves, { shard: 0, database: undefined, mode })).toBeUndefined();
    }
  });

  it('waits for the unsharded tables under their own name', () => {
    const { slot: _slot, ...move } = aMove('Switching', { unit: 'Unsharded' });
    const target = { shard: 0, database: 'app$single', mode: 'read' } as const;
    expect(moveInTheWay(readMoves([move]), target)).toBe(move);
  });

  it('of reference tables waits where it writes, or uses the copy that is taken', () => {
    const moves = readMoves([copy('Copying'), { ...copy('Switching'), id: 'grow-2', to: 3 }]);
    const waits = (shard: number, mode: 'read' | 'write'): boolean =>
      moveInTheWay(moves, { shard, database: 'app$shared', mode }) !== undefined;
    expect([waits(0, 'read'), waits(1, 'read'), waits(0, 'write'), waits(1, 'write')]).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });
});

describe('the shards on which nobody stays in a database', () => {
  it.each<[MovePhase, readonly number[], readonly number[]]>([
    ['Copying', [2], [2]],
    ['Switching', [0, 2], [0, 2]],
    ['Soaking', [0], []],
    ['Returning', [0, 2], [0, 2]],
    ['Undoing', [2], [2]],
    ['Finishing', [0], []],
  ])('in %s are %j for a slot, and %j for reference tables', (phase, ofSlot, ofCopy) => {
    const closed = (move: ShardMapMove): number[] => [...closedDatabases(readMoves([move])).keys()];
    expect(closed(aMove(phase))).toEqual(ofSlot);
    expect(closed(copy(phase))).toEqual(ofCopy);
  });

  it('are told with all of their databases', () => {
    const moves = readMoves([aMove('Switching'), aMove('Soaking', { id: 'grow-2', slot: 6 })]);
    expect(closedDatabases(moves)).toEqual(
      new Map([
        [0, new Set([SLOT, 'app_s0006'])],
        [2, new Set([SLOT])],
      ]),
    );
  });
});

describe('replicas of a new owner', () => {
  const soaking = readMoves([aMove('Soaking', { openedAt: '2-2001-77' })]);

  it('serve from where it opened', () => {
    expect(replicaFloor(soaking, SLOT, 2, EMPTY_TOKEN)).toEqual({
      kind: 'position',
      position: readWriteToken('2-2001-77'),
    });
  });

  it('serve nothing while nobody can tell where that was', () => {
    const moves = readMoves([aMove('Soaking', { openedAt: '0-1-77' })]);
    expect(replicaFloor(moves, SLOT, 2, EMPTY_TOKEN)).toEqual({ kind: 'none' });
  });

  it('serve other databases as before', () => {
    expect(replicaFloor(soaking, 'app_s0006', 2, EMPTY_TOKEN)).toEqual({ kind: 'any' });
    expect(replicaFloor(soaking, undefined, 2, EMPTY_TOKEN)).toEqual({ kind: 'any' });
  });

  it('after a return serve only sessions that wrote nothing on the other shard', () => {
    const undoing = readMoves([aMove('Undoing', { openedAt: '2-2001-77' })]);
    const wrote = readWriteToken('2-2001-80') ?? EMPTY_TOKEN;
    expect(replicaFloor(undoing, SLOT, 0, wrote)).toEqual({ kind: 'none' });
    expect(replicaFloor(undoing, SLOT, 0, EMPTY_TOKEN)).toEqual({ kind: 'any' });
    expect(replicaFloor(readMoves([aMove('Undoing')]), SLOT, 0, wrote)).toEqual({ kind: 'any' });
  });
});

it('a move is told in one clause', () => {
  expect(describeMove(aMove('Switching', { attempt: 3 }))).toBe(
    'slot 5 of app moves from shard 0 to shard 2 (Switching, attempt 3)',
  );
});
