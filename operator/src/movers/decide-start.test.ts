import { describe, expect, it } from '@jest/globals';
import type { ShardMapSpec } from '../api/v1alpha1/index.ts';
import { decideStart, type StartInput } from './decide-start.ts';
import type { NewMove } from './move-edits.ts';
import { withMove, withStep } from './move-edits.ts';
import { aMap } from './testing/move-observations.ts';
import { readWhereabouts } from './whereabouts.ts';

function slotMove(slot: number, from: number, to: number): NewMove {
  return { id: `grow-${slot}`, keyspace: 'app', unit: 'Slot', slot, from, to };
}

const REFERENCES: NewMove = { id: 'grow-r', keyspace: 'app', unit: 'Reference', from: 0, to: 2 };
const PLANNED = [slotMove(4, 0, 2), slotMove(5, 0, 2), slotMove(11, 1, 2)];

function start({
  map = aMap(),
  ...change
}: Partial<Omit<StartInput, 'map'>> & { readonly map?: ShardMapSpec } = {}): string | undefined {
  return decideStart({
    map,
    whereabouts: readWhereabouts(map),
    planned: PLANNED,
    excluded: new Set(),
    maxParallelMoves: 2,
    isUsable: () => true,
    hasAllUsers: () => true,
    ...change,
  })?.id;
}

describe('decideStart', () => {
  it('begins with the first of the plan', () => {
    expect(start()).toBe('grow-4');
  });

  it('begins one move of each pair of shards', () => {
    const map = withMove(aMap(), PLANNED[0] ?? slotMove(4, 0, 2));
    expect(start({ map })).toBe('grow-11');
  });

  it('takes a pair for the same, whichever shard gives', () => {
    const map = withMove(aMap(), slotMove(4, 0, 2));
    expect(start({ map, planned: [slotMove(3, 2, 0), slotMove(11, 1, 2)] })).toBe('grow-11');
  });

  it('begins no more at once than asked for', () => {
    const map = withMove(aMap(), slotMove(4, 0, 2));
    expect(start({ map, maxParallelMoves: 1 })).toBeUndefined();
  });

  it('does not count moves that only soak', () => {
    const switching = withStep(withMove(aMap(), slotMove(4, 0, 2)), 'grow-4', { phase: 'Switching' });
    const map = withStep(switching, 'grow-4', { phase: 'Soaking', openedAt: '0-1-1' });
    expect(start({ map, maxParallelMoves: 1 })).toBe('grow-5');
  });

  it('leaves no more than 24 on the map, those included that only soak', () => {
    const soaking = (count: number): ShardMapSpec => {
      const former = Array.from({ length: count }, (_, index) => ({
        ...slotMove(6, 1, 0),
        id: `former-${index}`,
        phase: 'Soaking' as const,
        attempt: 1,
      }));
      return { ...aMap(), moves: former };
    };
    expect(start({ map: soaking(23) })).toBe('grow-4');
    expect(start({ map: soaking(24) })).toBeUndefined();
  });

  it('leaves what is no longer where the plan found it, what was given up, and shards in trouble', () => {
    expect(start({ planned: [slotMove(7, 0, 2), slotMove(4, 0, 2)] })).toBe('grow-4');
    expect(start({ excluded: new Set(['grow-4']) })).toBe('grow-5');
    expect(start({ isUsable: (shard) => shard !== 0 })).toBe('grow-11');
    expect(start({ isUsable: (shard) => shard !== 2 })).toBeUndefined();
    expect(start({ hasAllUsers: (shard) => shard === 0 })).toBeUndefined();
    expect(start({ hasAllUsers: (shard) => shard === 2 })).toBe(start({}));
  });

  it('copies reference tables before any slot goes to a shard', () => {
    const planned = [...PLANNED, REFERENCES];
    expect(start({ planned })).toBe('grow-r');
    const copying = withMove(aMap(), REFERENCES);
    expect(start({ map: copying, planned })).toBeUndefined();
    const switching = withStep(copying, 'grow-r', { phase: 'Switching' });
    const map = withStep(switching, 'grow-r', { phase: 'Soaking', openedAt: '0-1-1' });
    expect(start({ map, planned })).toBe('grow-4');
  });

  it('waits while a former move still has to do with the same slot', () => {
    const former = { ...slotMove(4, 0, 1), id: 'former-1' };
    const map = withStep(withMove(aMap(), former), 'former-1', { phase: 'Undoing' });
    expect(start({ map, planned: [slotMove(4, 0, 2)] })).toBeUndefined();
  });
});
