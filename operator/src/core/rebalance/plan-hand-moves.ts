/** Moves that a person names. */
import { skewOf, withWeights, type Weights } from '../keyspace/placement/weights.ts';
import { existingSlots, referenceMoves } from './plan-keyspace.ts';
import type { PlannedKeyspace } from './planned-keyspace.ts';
import type { PlannedMove } from './planned-move.ts';

/** One move as it is asked for. */
export interface AskedMove {
  readonly keyspace: string;
  readonly unit: 'Slot' | 'Unsharded';
  /** Of unit `Slot`. */
  readonly slot?: number;
  readonly to: number;
}

/** A move that cannot be made. */
export interface MoveRefusal {
  readonly kind: 'refused';
  readonly code: 'UnknownKeyspace' | 'UnknownSlot' | 'UnknownShard';
  /** A sentence: what is wrong and what to do. */
  readonly message: string;
}

/** What becomes of a keyspace by moves that a person names. */
export interface HandOutcome {
  readonly keyspace: PlannedKeyspace;
  readonly moves: readonly PlannedMove[];
  readonly slots: number;
  readonly slotsMoved: number;
  readonly skewBefore: number;
  readonly skewAfter: number;
}

/**
 * Plans the moves, or says what is wrong with the first that cannot be made. What is where it is to be already takes no
 * move. `shards`: numbers of the shards that exist, whose `weights` only the skew goes by.
 * @throws SlotSetError and SlotOwnersError for slots that cannot be read.
 */
export function planHandMoves(
  keyspaces: readonly PlannedKeyspace[],
  shards: readonly number[],
  asked: readonly AskedMove[],
  weights: Weights,
): readonly HandOutcome[] | MoveRefusal {
  const outcomes: HandOutcome[] = [];
  for (const { keyspace: name } of asked) {
    if (!keyspaces.some((keyspace) => keyspace.name === name)) {
      const known = keyspaces.map((keyspace) => keyspace.name).join(', ');
      return refuse(
        'UnknownKeyspace',
        `There is no keyspace ${name}: there are ${known === '' ? 'none' : known}.`,
      );
    }
  }
  for (const keyspace of keyspaces) {
    const own = asked.filter((move) => move.keyspace === keyspace.name);
    if (own.length > 0) {
      const outcome = planOne(keyspace, shards, own, weights);
      if ('kind' in outcome) {
        return outcome;
      }
      outcomes.push(outcome);
    }
  }
  return outcomes;
}

function planOne(
  keyspace: PlannedKeyspace,
  shards: readonly number[],
  asked: readonly AskedMove[],
  weights: Weights,
): HandOutcome | MoveRefusal {
  const { name, homeShard } = keyspace;
  const { numbers, owners } = existingSlots(keyspace);
  const placed = new Map(numbers.map((slot, index) => [slot, owners[index] ?? homeShard]));
  const moves: PlannedMove[] = [];
  for (const { unit, slot, to } of asked) {
    if (!shards.includes(to)) {
      return refuse('UnknownShard', `There is no shard ${to}: there are ${shards.join(', ')}.`);
    }
    if (unit === 'Unsharded') {
      moves.push(...(to === homeShard ? [] : [{ keyspace: name, unit, from: homeShard, to } as const]));
      continue;
    }
    const from = slot === undefined ? undefined : placed.get(slot);
    if (slot === undefined || from === undefined) {
      return refuse(
        'UnknownSlot',
        `The keyspace ${name} has no slot ${slot ?? '(none named)'}: it has ${numbers.length}, from ${numbers[0]} to ${numbers.at(-1)}.`,
      );
    }
    if (from !== to) {
      moves.push({ keyspace: name, unit: 'Slot', slot, from, to });
      placed.set(slot, to);
    }
  }
  const slotMoves = moves.filter(({ unit }) => unit === 'Slot');
  const after = [...placed.values()];
  return {
    keyspace,
    moves: [...referenceMoves(keyspace, moves), ...moves],
    slots: numbers.length,
    slotsMoved: slotMoves.length,
    skewBefore: skewOf(owners, withWeights(shards, weights)),
    skewAfter: skewOf(after, withWeights(shards, weights)),
  };
}

function refuse(code: MoveRefusal['code'], message: string): MoveRefusal {
  return { kind: 'refused', code, message };
}
