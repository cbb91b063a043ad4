/** Moves as they stand in a map, for tests of all who read it. */
import type { MovePhase, ShardMapMove } from '../index.ts';

/** Slot 5 of `app` on its way from shard 0 to shard 2; `change` makes it what a test needs. */
export function aMove(phase: MovePhase, change: Partial<ShardMapMove> = {}): ShardMapMove {
  return {
    id: 'grow-1',
    keyspace: 'app',
    unit: 'Slot',
    slot: 5,
    from: 0,
    to: 2,
    phase,
    attempt: 1,
    ...change,
  };
}

/** Slot 0 of `log`, on shard 1, that is split at the key 100 into the slots 4 and 5. */
export function aSplit(phase: MovePhase, change: Partial<ShardMapMove> = {}): ShardMapMove {
  return aMove(phase, {
    id: 'cut-1',
    keyspace: 'log',
    slot: 0,
    from: 1,
    to: 1,
    split: { at: '100', lower: 4, upper: 5 },
    ...change,
  });
}
