import { describe, expect, it } from '@jest/globals';
import type { ShardMapSpec } from '../../api/v1alpha1/index.ts';
import { decideStart } from '../../movers/decide-start.ts';
import { describeChange } from '../../movers/describe-change.ts';
import { withMove, withoutMove, withStep } from '../../movers/move-edits.ts';
import { plannedMoves } from '../../movers/planned-moves.ts';
import { aMap } from '../../movers/testing/move-observations.ts';
import { readWhereabouts } from '../../movers/whereabouts.ts';
import { decideStatus } from './decide-status.ts';
import { followMoves } from './follow-moves.ts';
import { aMeasuredShard, anObservation, aRebalance } from './testing/observations.ts';

const [APP] = aMap().keyspaces ?? [];

/** A keyspace of which shard 1 has all keys from 100 on. */
function mapOfRanges(): ShardMapSpec {
  if (APP === undefined) {
    throw new Error('there is no keyspace');
  }
  return aMap({
    keyspaces: [
      {
        ...APP,
        name: 'log',
        strategy: 'Range',
        slots: 8,
        slotsByShard: [
          { shard: 0, slots: '0' },
          { shard: 1, slots: '1' },
        ],
        ranges: [{ slot: 0 }, { slot: 1, from: '100' }],
      },
    ],
  });
}

/** The rebalance that splits slot 1 and takes its upper part to shard 2, planned. */
function planned(map: ShardMapSpec) {
  const rebalance = aRebalance({ split: { keyspace: 'log', slot: 1, at: '500', to: 2 } });
  const shards = [0, 1, 2].map((number) =>
    aMeasuredShard(number, { databases: [{ database: `log_s000${number}`, rows: 10, bytes: 1000 }] }),
  );
  const observation = anObservation({ map, shards });
  const status = decideStatus(rebalance, observation);
  return { rebalance: { ...rebalance, status: status ?? {} }, observation };
}

describe('a slot that is split', () => {
  const map = mapOfRanges();
  const { rebalance, observation } = planned(map);
  const moves = plannedMoves(rebalance);
  const [references, parts, away] = moves;

  const next = (now: ShardMapSpec) =>
    decideStart({
      map: now,
      whereabouts: readWhereabouts(now),
      planned: moves,
      excluded: new Set(),
      maxParallelMoves: 4,
      isUsable: () => true,
      hasAllUsers: () => true,
    });
  const wheres = (now: ShardMapSpec) =>
    followMoves(rebalance, { ...observation, map: now }).map(({ where }) => where);

  it('is one move of the plan, and its upper part another', () => {
    expect(rebalance.status.plan?.moves).toEqual([
      expect.objectContaining({ unit: 'Reference', to: 2 }),
      expect.objectContaining({ slots: '1', from: 1, to: 1, split: { at: '500', lower: 2, upper: 3 } }),
      expect.objectContaining({ slots: '3', from: 1, to: 2 }),
    ]);
    expect(rebalance.status.plan?.keyspaces[0]).toMatchObject({ slots: 2, slotsMoved: 1 });
  });

  it('begins before its upper part, which waits for its end', () => {
    if (references === undefined || parts === undefined || away === undefined) {
      throw new Error('the plan lacks moves');
    }
    const reference = withStep(
      withStep(withMove(map, references), references.id, { phase: 'Switching' }),
      references.id,
      { phase: 'Soaking', openedAt: '0-1-1' },
    );
    const ready = withoutMove(withStep(reference, references.id, { phase: 'Finishing' }), references.id);
    expect(next(ready)?.id).toBe(parts.id);
    expect(wheres(ready)).toEqual(['done', 'pending', 'pending']);

    const begun = withMove(ready, parts);
    expect(begun.moves?.[0]).toMatchObject({ slot: 1, from: 1, to: 1, split: { lower: 2, upper: 3 } });
    const switching = withStep(begun, parts.id, { phase: 'Switching' });
    expect(switching.keyspaces).toEqual(ready.keyspaces);
    const soaking = withStep(switching, parts.id, { phase: 'Soaking', openedAt: '1-1-5' });
    expect(soaking.keyspaces?.[0]).toMatchObject({
      slotsByShard: [
        { shard: 0, slots: '0' },
        { shard: 1, slots: '2-3' },
      ],
      ranges: [{ slot: 0 }, { slot: 2, from: '100' }, { slot: 3, from: '500' }],
    });
    expect(next(soaking)).toBeNull();
    expect(wheres(soaking)).toEqual(['done', 'done', 'pending']);

    const finishing = withStep(soaking, parts.id, { phase: 'Finishing' });
    expect(finishing.keyspaces).toEqual(soaking.keyspaces);
    expect(next(withoutMove(finishing, parts.id))?.id).toBe(away.id);
  });

  it('keeps its intervals when the switch is undone, and when it is cancelled', () => {
    if (parts === undefined) {
      throw new Error('the plan has no split');
    }
    const switching = withStep(withMove(map, parts), parts.id, { phase: 'Switching' });
    const undone = withStep(switching, parts.id, { phase: 'undone' });
    expect(undone.moves?.[0]).toMatchObject({ phase: 'Copying', attempt: 2 });
    const undoing = withStep(undone, parts.id, { phase: 'Undoing' });
    for (const each of [switching, undone, undoing]) {
      expect(each.keyspaces?.[0]?.ranges).toEqual(map.keyspaces?.[0]?.ranges);
    }
  });

  it('is one again after a return, and its rebalance is rolled back', () => {
    if (parts === undefined) {
      throw new Error('the plan has no split');
    }
    const steps = [
      { phase: 'Switching' },
      { phase: 'Soaking', openedAt: '1-1-5' },
      { phase: 'Returning' },
    ] as const;
    const returning = steps.reduce((now, step) => withStep(now, parts.id, step), withMove(map, parts));
    expect(returning.keyspaces?.[0]?.ranges).toHaveLength(3);
    const soaking = withStep(returning, parts.id, { phase: 'undone' });
    expect(soaking.moves?.[0]).toMatchObject({ phase: 'Soaking', attempt: 2 });
    expect(soaking.keyspaces).toEqual(returning.keyspaces);
    const back = withStep(returning, parts.id, { phase: 'Undoing' });
    expect(back.keyspaces?.[0]?.ranges).toEqual(map.keyspaces?.[0]?.ranges);
    expect(back.keyspaces?.[0]?.slotsByShard).toEqual(map.keyspaces?.[0]?.slotsByShard);
    const ended = withoutMove(back, parts.id);
    const status = decideStatus(
      { ...rebalance, spec: { ...rebalance.spec, rollback: true } },
      { ...observation, map: ended },
    );
    expect(status).toMatchObject({ phase: 'RolledBack', progress: { done: 0 } });
  });

  it('is told of by its own event', () => {
    const [move] = (parts === undefined ? map : withMove(map, parts)).moves ?? [];
    if (move === undefined) {
      throw new Error('there is no move');
    }
    const change = { kind: 'step', move, action: { kind: 'flip', openedAt: '1-1-5' } } as const;
    expect(describeChange(change, 40).event).toEqual({
      reason: 'SlotSplit',
      note: 'Slot 1 of log was split at "500" into slots 2 and 3. Statements waited for 40 ms.',
    });
    expect(describeChange({ kind: 'step', move, action: { kind: 'flipBack' } }, 30).event).toEqual({
      reason: 'SlotReturned',
      note: 'Slot 1 of log is one again, in the place of slots 2 and 3. Statements waited for 30 ms.',
    });
  });
});
