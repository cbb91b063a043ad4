import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseShardMap, type ShardMapSpec } from '../api/v1alpha1/index.ts';
import { readSlotSet } from '../core/keyspace/slot-set.ts';
import { withLimits, withMove, withoutMove, withStep } from './move-edits.ts';
import { aMap } from './testing/move-observations.ts';
import { readWhereabouts } from './whereabouts.ts';

const SLOT_5 = { id: 'grow-1', keyspace: 'app', unit: 'Slot', slot: 5, from: 0, to: 2 } as const;
const HOME = { id: 'grow-2', keyspace: 'app', unit: 'Unsharded', from: 0, to: 2 } as const;
const REFERENCES = { id: 'grow-3', keyspace: 'app', unit: 'Reference', from: 0, to: 2 } as const;

function owners({ keyspaces = [] }: ShardMapSpec): Record<number, string> {
  return Object.fromEntries((keyspaces[0]?.slotsByShard ?? []).map(({ shard, slots }) => [shard, slots]));
}

describe('moves on a map', () => {
  it('begin with Copying, and write down which shards have the reference tables', () => {
    const map = withMove(aMap(), SLOT_5);
    expect(map.moves).toEqual([{ ...SLOT_5, phase: 'Copying', attempt: 1 }]);
    expect(map.keyspaces?.[0]?.referenceShards).toEqual([0, 1]);
    expect(map.revision).toBe(11);
    expect(owners(map)).toEqual({ 0: '0-5', 1: '6-11' });
  });

  it('flip the owner of a slot in the write that begins the soak time, and back when it returns', () => {
    const switching = withStep(withMove(aMap(), SLOT_5), 'grow-1', { phase: 'Switching' });
    expect(owners(switching)).toEqual({ 0: '0-5', 1: '6-11' });
    const soaking = withStep(switching, 'grow-1', { phase: 'Soaking', openedAt: '0-3-9' });
    expect(owners(soaking)).toEqual({ 0: '0-4', 1: '6-11', 2: '5' });
    expect(soaking.moves?.[0]).toMatchObject({ phase: 'Soaking', openedAt: '0-3-9', attempt: 1 });
    const returning = withStep(soaking, 'grow-1', { phase: 'Returning' });
    expect(owners(returning)).toEqual(owners(soaking));
    const undoing = withStep(returning, 'grow-1', { phase: 'Undoing' });
    expect(owners(undoing)).toEqual({ 0: '0-5', 1: '6-11' });
    expect(withoutMove(undoing, 'grow-1').moves).toBeUndefined();
  });

  it('go back to where an attempt began, as another attempt', () => {
    const switching = withStep(withMove(aMap(), SLOT_5), 'grow-1', { phase: 'Switching' });
    expect(withStep(switching, 'grow-1', { phase: 'undone' }).moves?.[0]).toMatchObject({
      phase: 'Copying',
      attempt: 2,
    });
    const soaking = withStep(switching, 'grow-1', { phase: 'Soaking', openedAt: '0-3-9' });
    const returning = withStep(soaking, 'grow-1', { phase: 'Returning' });
    expect(withStep(returning, 'grow-1', { phase: 'undone' }).moves?.[0]).toMatchObject({
      phase: 'Soaking',
      attempt: 2,
      openedAt: '0-3-9',
    });
  });

  it('change the home of unsharded tables, and add a shard with reference tables', () => {
    let map = withMove(withMove(aMap(), HOME), REFERENCES);
    for (const id of ['grow-2', 'grow-3']) {
      map = withStep(withStep(map, id, { phase: 'Switching' }), id, { phase: 'Soaking', openedAt: '0-3-9' });
    }
    expect(map.keyspaces?.[0]).toMatchObject({ homeShard: 2, referenceShards: [0, 1, 2] });
    expect(owners(map)).toEqual({ 0: '0-5', 1: '6-11' });
    const finishing = withStep(map, 'grow-3', { phase: 'Finishing' });
    expect(finishing.keyspaces?.[0]?.referenceShards).toEqual([0, 1, 2]);
  });

  it('keep their limits beside them', () => {
    const limits = {
      rowsPerSecond: 1,
      bytesPerSecond: 2,
      batchRows: 3,
      maxReplicaLagSeconds: 4,
      paused: true,
    };
    expect(withLimits(aMap(), limits)).toMatchObject({ revision: 11, moveLimits: limits });
  });

  it('refuse a step of a move that is not there', () => {
    expect(() => withStep(aMap(), 'grow-1', { phase: 'Switching' })).toThrow(RangeError);
  });

  it('leave every slot on exactly one shard, and the map as the API server takes it, whatever happens', () => {
    const step = fc.constantFrom('Switching', 'Soaking', 'Returning', 'Undoing', 'Finishing', 'undone');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(11), step), { maxLength: 40 }), (steps) => {
        let map = aMap();
        for (const [slot, phase] of steps) {
          const id = `grow-${slot}`;
          const from = slot < 6 ? 0 : 1;
          if (!map.moves?.some((move) => move.id === id)) {
            map = withMove(map, { id, keyspace: 'app', unit: 'Slot', slot, from, to: 2 });
          }
          map =
            phase === 'Soaking'
              ? withStep(map, id, { phase, openedAt: '0-1-1' })
              : withStep(map, id, { phase });
          const all = Object.values(owners(map)).flatMap((slots) => readSlotSet(slots));
          expect(all.toSorted((left, right) => left - right)).toEqual(
            Array.from({ length: 12 }, (_, each) => each),
          );
          const move = map.moves?.find((each) => each.id === id);
          const owner = readWhereabouts(map).ownerOf({ keyspace: 'app', unit: 'Slot', slot, from, to: 2 });
          const isMoved = ['Soaking', 'Returning', 'Finishing'].includes(move?.phase ?? '');
          expect(owner).toBe(isMoved ? 2 : from);
        }
        const object = {
          apiVersion: 'shardwright.io/v1alpha1',
          kind: 'ShardMap',
          metadata: { name: 'demo', namespace: 'test' },
        };
        expect(parseShardMap({ ...object, spec: map }).spec).toEqual(map);
      }),
    );
  });
});
