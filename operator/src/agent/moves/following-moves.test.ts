import { describe, expect, it } from '@jest/globals';
import type { MovePhase, ShardMapMove, ShardMapSpec } from '../../api/v1alpha1/index.ts';
import { aMove, aSplit } from '../../api/v1alpha1/testing/moves.ts';
import type { ShardView } from '../observation.ts';
import { followingMoves } from './following-moves.ts';
import { movesOfShard } from './map-moves.ts';

/** What shard 0 sees of a move from it to shard 1, whose primary is given. */
function view(phase: MovePhase, number: number, change: Partial<ShardMapMove> = {}): ShardView {
  const move = aMove(phase, { slot: 1, to: 1, ...change });
  const shards = [{ number: 1 - number, name: 's', primary: 'p' }];
  return {
    kind: 'known',
    moves: { revision: 1, limits: null, moves: [move], shards },
  } as unknown as ShardView;
}

describe('followingMoves', () => {
  it.each<[MovePhase, number, boolean]>([
    ['Copying', 0, true],
    ['Copying', 1, false],
    ['Switching', 0, true],
    ['Soaking', 0, false],
    ['Soaking', 1, true],
    ['Returning', 1, true],
    ['Returning', 0, false],
    ['Undoing', 0, false],
    ['Finishing', 1, false],
  ])('in %s, shard %i is followed: %s', (phase, number, isFollowed) => {
    const other = { number: 1 - number, name: 's', primary: 'p' };
    expect(followingMoves(view(phase, number), number)).toEqual(
      isFollowed ? [{ id: 'grow-1', shard: other }] : [],
    );
  });

  it('knows that a former owner follows no reference tables', () => {
    expect(followingMoves(view('Soaking', 1, { unit: 'Reference' }), 1)).toEqual([]);
  });

  it.each<[MovePhase, readonly string[]]>([
    ['Copying', ['cut-1.l', 'cut-1.u']],
    ['Switching', ['cut-1.l', 'cut-1.u']],
    ['Soaking', ['cut-1.x', 'cut-1.y']],
    ['Returning', ['cut-1.x', 'cut-1.y']],
    ['Undoing', []],
    ['Finishing', []],
  ])('knows in %s how the shard follows itself for a split', (phase, ids) => {
    const keyspace = { name: 'log', tables: [], ranges: [{ slot: 0 }], slotsByShard: [] };
    const own = { number: 1, name: 's', primary: 'p' };
    const map = { revision: 1, shards: [own], keyspaces: [keyspace], moves: [aSplit(phase)] };
    const moves = movesOfShard(map as unknown as ShardMapSpec, 1);
    const found = followingMoves({ kind: 'known', moves } as unknown as ShardView, 1);
    expect(found.map(({ id }) => id)).toEqual(ids);
    expect(new Set(found.map(({ shard }) => shard.primary))).toEqual(new Set(ids.length === 0 ? [] : ['p']));
  });

  it('knows of none without a map', () => {
    expect(followingMoves({ kind: 'absent' }, 0)).toEqual([]);
  });
});
