import { describe, expect, it } from '@jest/globals';
import type { ShardMapKeyspace, ShardMapMove, ShardMapSpec } from '../../api/v1alpha1/index.ts';
import { aSplit } from '../../api/v1alpha1/testing/moves.ts';
import { slotOf } from '../../core/keyspace/keyspace-layout.ts';
import { aMap } from '../../movers/testing/move-observations.ts';
import { movesOfShard } from './map-moves.ts';
import { databasesOfPiece, type MovePiece } from './split-pieces.ts';

/** The second attempt to switch it. */
const aSecond = (phase: ShardMapMove['phase']): ShardMapMove => aSplit(phase, { attempt: 2 });

function mapWith(move: ShardMapMove, ranges: ShardMapKeyspace['ranges']): ShardMapSpec {
  const [keyspace] = aMap().keyspaces ?? [];
  if (keyspace === undefined || ranges === undefined) {
    throw new Error('there is no keyspace');
  }
  return aMap({
    keyspaces: [
      {
        ...keyspace,
        name: 'log',
        strategy: 'Range',
        slots: 16,
        defaultKey: 'id',
        tables: [{ name: 'items', key: 'event' }],
        slotsByShard: [
          {
            shard: 1,
            slots: ranges
              .map(({ slot }) => slot)
              .toSorted((left, right) => left - right)
              .join(','),
          },
        ],
        ranges,
      },
    ],
    moves: [move],
  });
}

function pieces(phase: ShardMapMove['phase'], ranges: ShardMapKeyspace['ranges']): readonly MovePiece[] {
  return movesOfShard(mapWith(aSecond(phase), ranges), 1)?.moves ?? [];
}

describe('a slot that is split, as work of its shard', () => {
  it('is received twice and given once, each from or to the shard itself by another number', () => {
    const found = pieces('Copying', [{ slot: 0 }]);
    expect(found.map(({ id, slot, phase, attempt }) => [id, slot, phase, attempt])).toEqual([
      ['cut-1.l', 4, 'Copying', 2],
      ['cut-1.u', 5, 'Copying', 2],
      ['cut-1', 0, 'Copying', 2],
    ]);
    const [lower, upper, given] = found;
    expect([lower?.to, upper?.to, given?.from]).toEqual([1, 1, 1]);
    expect(given?.returns).toBe(false);
    const others = [lower?.from, upper?.from, given?.to];
    expect(new Set(others).size).toBe(3);
    const moves = movesOfShard(mapWith(aSecond('Copying'), [{ slot: 0 }]), 1);
    expect(moves?.shards.map(({ number }) => number).toSorted((left, right) => left - right)).toEqual(
      others.toSorted((left, right) => Number(left) - Number(right)),
    );
    expect(new Set(moves?.shards.map(({ name }) => name))).toEqual(new Set(['demo-shard-1']));
    expect(movesOfShard(mapWith(aSecond('Copying'), [{ slot: 0 }]), 0)).toBeUndefined();
  });

  it.each(['Soaking', 'Returning'] as const)('follows both parts by one stream in %s', (phase) => {
    const [lower, upper, given, ...returns] = pieces(phase, [{ slot: 4 }, { slot: 5, from: '100' }]);
    expect([lower?.slot, upper?.slot, given?.slot]).toEqual([4, 5, 0]);
    expect(returns.map(({ id, slot, from, returns: isHad }) => [id, slot, from, isHad])).toEqual([
      ['cut-1.x', 0, 1, undefined],
      ['cut-1.y', 0, 1, undefined],
    ]);
    expect(new Set(returns.map(({ to }) => to))).toEqual(new Set([given?.to]));
    expect(returns.map((piece) => databasesOfPiece(piece, 'log_s0000'))).toEqual([
      { database: 'log_s0004', here: { database: 'log_s0000', rows: null } },
      { database: 'log_s0005', here: { database: 'log_s0000', rows: null } },
    ]);
  });

  it.each(['Copying', 'Switching', 'Undoing', 'Finishing'] as const)(
    'follows none of them in %s',
    (phase) => {
      const isCut = phase === 'Finishing';
      expect(pieces(phase, isCut ? [{ slot: 4 }, { slot: 5, from: '100' }] : [{ slot: 0 }])).toHaveLength(3);
    },
  );

  it.each([
    ['before the flip', 'Copying', [{ slot: 0 }, { slot: 7, from: '900' }]],
    ['after it', 'Soaking', [{ slot: 4 }, { slot: 5, from: '100' }, { slot: 7, from: '900' }]],
  ] as const)('divides rows as routers will, %s', (_when, phase, ranges) => {
    const [lower, upper] = pieces(phase, [...ranges]);
    for (const [piece, side] of [
      [lower, 'outside'],
      [upper, 'inside'],
    ] as const) {
      expect(piece?.part).toMatchObject({ database: 'log_s0000', rows: { slot: 5, side } });
      const layout = piece?.part?.rows?.layout;
      expect(layout && slotOf(layout, { kind: 'number', text: '100' })).toBe(5);
      expect(layout && slotOf(layout, { kind: 'number', text: '99' })).toBe(4);
      expect(piece?.part?.rows?.keyOf('items')).toBe('event');
      expect(piece?.part?.rows?.keyOf('others')).toBe('id');
    }
    expect(databasesOfPiece(lower ?? {}, 'log_s0004')).toMatchObject({
      database: 'log_s0000',
      here: { database: 'log_s0004' },
    });
    expect(databasesOfPiece({}, 'log_s0004')).toEqual({ database: 'log_s0004' });
  });
});
