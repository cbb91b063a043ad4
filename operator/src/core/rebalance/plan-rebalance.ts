/** The plan of a rebalance, or why there is none. */
import { assertNever } from '../assert-never.ts';
import { type Duration, estimateDuration } from './estimate-duration.ts';
import { groupMoves, MAX_MOVE_GROUPS, type MoveGroup, orderMoves, sumOf } from './move-groups.ts';
import { type AskedMove, type MoveRefusal, planHandMoves } from './plan-hand-moves.ts';
import { type ShardWeight, skewOf, type Weights, withWeights } from '../keyspace/placement/weights.ts';
import { type AskedSplit, planSplit, type SplitRefusal } from './plan-split.ts';
import { existingSlots, planKeyspace, referenceMoves } from './plan-keyspace.ts';
import { type LongTransaction, type PlanWarning, planWarnings } from './plan-warnings.ts';
import type { DatabaseMeasures, MoveSpeed, PlannedKeyspace } from './planned-keyspace.ts';
import type { PlannedMove, SplitParts } from './planned-move.ts';
import { findTightShards } from './volume-room.ts';

/** What is to be done: slots spread over shards 0 to `shards` - 1, or what a person names. */
export type RebalancePurpose =
  | { readonly kind: 'scale'; readonly shards: number }
  | { readonly kind: 'moves'; readonly moves: readonly AskedMove[] }
  /** `to`: the shard that is to have the upper part. */
  | { readonly kind: 'split'; readonly split: AskedSplit & { readonly to?: number } };

/** A slot that something on the map has to do with. */
export interface SlotInUse {
  readonly keyspace: string;
  readonly slot?: number;
  readonly split?: Pick<SplitParts, 'lower' | 'upper'>;
}

/** What a plan is made from. Everything that was measured may be missing in part; the plan then says so. */
export interface PlanInput {
  readonly purpose: RebalancePurpose;
  readonly keyspaces: readonly PlannedKeyspace[];
  /** Numbers of the shards that exist. */
  readonly shards: readonly number[];
  /** Shares of shards relative to each other's, by number. @default 1 each */
  readonly weights?: Weights;
  readonly measures: DatabaseMeasures;
  /** Free bytes on the fullest volume of each shard. @default not measured */
  readonly freeBytes?: ReadonlyMap<number, number>;
  /** @default none known */
  readonly longTransactions?: readonly LongTransaction[];
  /** Shards in which nobody could look for what keeps databases from being moved, and why. @default none */
  readonly notInspected?: readonly string[];
  readonly speed: MoveSpeed;
  /** Moves on the map. @default none */
  readonly inUse?: readonly SlotInUse[];
}

/** What becomes of one keyspace. */
export interface PlannedOutcome {
  name: string;
  placement: PlannedKeyspace['placement'];
  slots: number;
  slotsMoved: number;
  /** Absent for moves by hand, as is the next. */
  slotsMovedAtLeast?: number;
  slotsMovedByModulo?: number;
  skewBefore: number;
  skewAfter: number;
}

/** A plan: `ShardRebalance.status.plan` but for when, and of which map, it was made. */
export interface RebalancePlan {
  shardsBefore: number;
  shardsAfter: number;
  /** Those that are not 1, ascending by shard; absent where there are none. */
  weights?: ShardWeight[];
  keyspaces: PlannedOutcome[];
  moves: MoveGroup[];
  moveCount: number;
  /** About; absent where a database was not measured, as is the next. */
  rows?: number;
  bytes?: number;
  shareMoved: number;
  shareMovedByModulo?: number;
  durationSeconds?: Duration;
  warnings: PlanWarning[];
}

/** Why there is no plan. */
export type PlanRefusal =
  | MoveRefusal
  | SplitRefusal
  | {
      readonly kind: 'refused';
      readonly code: 'DoesNotFit' | 'TooManyMoves';
      /** A sentence: what is wrong and what to do. */
      readonly message: string;
    };

/** A plan or a refusal. */
export type PlanVerdict = { readonly kind: 'planned'; readonly plan: RebalancePlan } | PlanRefusal;

/**
 * Plans. The same input gives the same plan; a plan without a move is one, too. With `Balanced` no plan as even moves fewer
 * slots: from N shards to N + 1 exactly ⌊slots / (N + 1)⌋ of a keyspace that was even, all to the newcomer, and from a shard
 * that leaves its own only.
 * @throws SlotSetError and SlotOwnersError for a map whose slots cannot be read.
 */
export function planRebalance(input: PlanInput): PlanVerdict {
  const planned = planPurpose(input);
  if ('kind' in planned) {
    return planned;
  }
  const { outcomes, shardsAfter } = planned;
  const {
    measures,
    freeBytes = new Map<number, number>(),
    longTransactions = [],
    notInspected = [],
    speed,
  } = input;
  const groups = groupMoves(planned.moves, measures);
  if (groups.length > MAX_MOVE_GROUPS) {
    return refuse(
      'TooManyMoves',
      `The plan has ${groups.length} groups of moves, and ${MAX_MOVE_GROUPS} can be stored: change the number of shards in smaller steps.`,
    );
  }
  const moves = orderMoves(groups);
  const tight = findTightShards(moves, measures, freeBytes);
  const full = tight.filter(({ verdict }) => verdict === 'full');
  if (full.length > 0) {
    const which = full.map(
      ({ shard, needed, free }) => `shard ${shard} would get ${needed} bytes and has ${free} free`,
    );
    return refuse(
      'DoesNotFit',
      `The slots do not fit where they would go: ${which.join('; ')}. Use larger volumes or more shards.`,
    );
  }
  const durationSeconds = estimateDuration(moves, measures, speed);
  const slots = sum(outcomes, (outcome) => outcome.slots);
  const share = (moved: number): number => (slots === 0 ? 0 : moved / slots);
  return {
    kind: 'planned',
    plan: {
      shardsBefore: shardsWithSlots(input.keyspaces),
      shardsAfter,
      ...weightsThatCount(input),
      keyspaces: outcomes,
      moves: groups,
      moveCount: moves.length,
      ...sumOf(moves, measures),
      shareMoved: share(sum(outcomes, ({ slotsMoved }) => slotsMoved)),
      ...(outcomes.some(({ slotsMovedByModulo }) => slotsMovedByModulo !== undefined)
        ? { shareMovedByModulo: share(sum(outcomes, ({ slotsMovedByModulo = 0 }) => slotsMovedByModulo)) }
        : {}),
      ...(durationSeconds === undefined ? {} : { durationSeconds }),
      warnings: planWarnings(outcomes, moves, measures, tight, { longTransactions, notInspected }),
    },
  };
}

interface Planned {
  readonly outcomes: PlannedOutcome[];
  readonly moves: readonly PlannedMove[];
  readonly shardsAfter: number;
}

/** Of shards that exist, or will: a weight of another one is there for later. */
function weightsThatCount({
  purpose,
  shards,
  weights = NO_WEIGHTS,
}: PlanInput): Pick<RebalancePlan, 'weights'> {
  const isThere = (number: number): boolean =>
    shards.includes(number) || (purpose.kind === 'scale' && number < purpose.shards);
  const counted = [...weights]
    .filter(([shard, weight]) => weight !== 1 && isThere(shard))
    .map(([shard, weight]) => ({ shard, weight }))
    .toSorted((left, right) => left.shard - right.shard);
  return counted.length === 0 ? {} : { weights: counted };
}

const NO_WEIGHTS: Weights = new Map();

function planScale({ keyspaces, weights = NO_WEIGHTS }: PlanInput, count: number): Planned {
  const after = withWeights(
    Array.from({ length: count }, (_, number) => number),
    weights,
  );
  const homes = new Map<number, number>();
  for (const { homeShard } of keyspaces) {
    homes.set(homeShard, (homes.get(homeShard) ?? 0) + 1);
  }
  const moves: PlannedMove[] = [];
  const outcomes = keyspaces.map((keyspace): PlannedOutcome => {
    const { moves: own, ...outcome } = planKeyspace(keyspace, after, homes, weights);
    const home = own.find(({ unit }) => unit === 'Unsharded');
    if (home !== undefined) {
      homes.set(home.to, (homes.get(home.to) ?? 0) + 1);
    }
    moves.push(...own);
    return { name: keyspace.name, placement: keyspace.placement, ...outcome };
  });
  return { outcomes, moves, shardsAfter: count };
}

function planPurpose(input: PlanInput): Planned | MoveRefusal | SplitRefusal {
  const { purpose } = input;
  switch (purpose.kind) {
    case 'scale':
      return planScale(input, purpose.shards);
    case 'moves':
      return planByHand(input);
    case 'split':
      return planOneSplit(input, purpose.split);
    default:
      return assertNever(purpose);
  }
}

/** The split, and what takes its upper part to another shard. */
function planOneSplit(
  { keyspaces, shards, weights = NO_WEIGHTS, inUse = [] }: PlanInput,
  { to, ...asked }: AskedSplit & { readonly to?: number },
): Planned | MoveRefusal | SplitRefusal {
  const used = inUse
    .filter(({ keyspace }) => keyspace === asked.keyspace)
    .flatMap(({ slot, split }) =>
      [slot, split?.lower, split?.upper].filter((number) => number !== undefined),
    );
  const split = planSplit(keyspaces, asked, new Set(used));
  const keyspace = keyspaces.find(({ name }) => name === asked.keyspace);
  if ('kind' in split || keyspace === undefined) {
    return 'kind' in split ? split : unknownShard(to ?? 0, shards);
  }
  if (to !== undefined && !shards.includes(to)) {
    return unknownShard(to, shards);
  }
  const { slot, at, lower, upper, shard } = split;
  const parts: PlannedMove = {
    keyspace: keyspace.name,
    unit: 'Slot',
    slot,
    split: { at, lower, upper },
    from: shard,
    to: shard,
  };
  const away: PlannedMove[] =
    to === undefined || to === shard
      ? []
      : [{ keyspace: keyspace.name, unit: 'Slot', slot: upper, from: shard, to }];
  const { numbers, owners } = existingSlots(keyspace);
  const counted = withWeights(shards, weights);
  const after = [...owners, to ?? shard];
  return {
    outcomes: [
      {
        name: keyspace.name,
        placement: keyspace.placement,
        slots: numbers.length,
        slotsMoved: 1,
        skewBefore: skewOf(owners, counted),
        skewAfter: skewOf(after, counted),
      },
    ],
    moves: [...referenceMoves(keyspace, away), parts, ...away],
    shardsAfter: new Set(after).size,
  };
}

function unknownShard(number: number, shards: readonly number[]): MoveRefusal {
  return {
    kind: 'refused',
    code: 'UnknownShard',
    message: `There is no shard ${number}: there are ${shards.join(', ')}.`,
  };
}

function planByHand({ keyspaces, shards, purpose, weights = NO_WEIGHTS }: PlanInput): Planned | MoveRefusal {
  const hand = planHandMoves(keyspaces, shards, purpose.kind === 'moves' ? purpose.moves : [], weights);
  if ('kind' in hand) {
    return hand;
  }
  const moves = hand.flatMap((outcome) => outcome.moves);
  const after = keyspaces.flatMap(({ slotsByShard }) => slotsByShard.map(({ shard }) => shard));
  return {
    outcomes: hand.map(({ keyspace, slots, slotsMoved, skewBefore, skewAfter }) => ({
      name: keyspace.name,
      placement: keyspace.placement,
      slots,
      slotsMoved,
      skewBefore,
      skewAfter,
    })),
    moves,
    shardsAfter: new Set([...after, ...moves.filter(({ unit }) => unit === 'Slot').map(({ to }) => to)]).size,
  };
}

function shardsWithSlots(keyspaces: readonly PlannedKeyspace[]): number {
  return new Set(keyspaces.flatMap(({ slotsByShard }) => slotsByShard.map(({ shard }) => shard))).size;
}

function sum<T>(items: readonly T[], read: (item: T) => number): number {
  return items.reduce((total, item) => total + read(item), 0);
}

function refuse(code: 'DoesNotFit' | 'TooManyMoves', message: string): PlanRefusal {
  return { kind: 'refused', code, message };
}
