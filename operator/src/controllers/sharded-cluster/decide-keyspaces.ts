/** What of its keyspaces the map of a cluster says. Pure. */
import type {
  ShardedClusterSpec,
  ShardedClusterStatus,
  ShardMapKeyspace,
  ShardMapSpec,
} from '../../api/v1alpha1/index.ts';
import { placeSlots } from '../../core/keyspace/placement/place-slots.ts';
import { type Weights, weightsByShard, withWeights } from '../../core/keyspace/placement/weights.ts';
import { type RangeBound, readRanges } from '../../core/keyspace/ranges.ts';
import { writeSlotSet } from '../../core/keyspace/slot-set.ts';
import type { Finding } from './finding.ts';

type SpecKeyspace = ShardedClusterSpec['keyspaces'][number];
/** Where the slots of a keyspace are. */
type Whereabouts = Pick<ShardMapKeyspace, 'homeShard' | 'referenceShards' | 'slotsByShard' | 'ranges'>;

/** What the keyspaces of the map are decided from. */
export interface KeyspacesInput {
  readonly spec: Pick<ShardedClusterSpec, 'keyspaces' | 'users'> &
    Partial<Pick<ShardedClusterSpec, 'shardWeights'>>;
  /** The map as it is. */
  readonly current: Pick<ShardMapSpec, 'keyspaces' | 'users'> | undefined;
  /** `status.keyspaces`: where slots were when the map was last seen. */
  readonly recorded: NonNullable<ShardedClusterStatus['keyspaces']>;
  /** Numbers of the shards in the map, ascending. */
  readonly shards: readonly number[];
}

/** The keyspaces as they should be in the map. */
export interface KeyspacesDecision {
  readonly keyspaces: readonly ShardMapKeyspace[];
  readonly users: NonNullable<ShardMapSpec['users']>;
  readonly findings: readonly Finding[];
}

/**
 * Slots are placed once, when their keyspace is new, over all shards there are then, all of which get its reference tables: a
 * shard that is added later gets none by this, but by moves. Where the map was lost, they are where the status says they were. Everything else follows the spec.
 */
export function decideKeyspaces(input: KeyspacesInput): KeyspacesDecision {
  const keyspaces: ShardMapKeyspace[] = [];
  const findings: Finding[] = [];
  const weights = weightsByShard(input.spec.shardWeights ?? []);
  for (const wanted of input.spec.keyspaces) {
    try {
      const where = knownWhereabouts(input, wanted.name) ?? place(wanted, input.shards, keyspaces, weights);
      keyspaces.push(described(wanted, where));
    } catch (error) {
      findings.push(notPlaced(wanted.name, error));
    }
  }
  const named = new Set(keyspaces.map(({ name }) => name));
  // The API server lets none go; a cluster restored with fewer in its spec must not lose the way to its data.
  keyspaces.push(...(input.current?.keyspaces ?? []).filter(({ name }) => !named.has(name)));
  const users = input.spec.users
    .filter(({ transactions, consistency }) => transactions !== undefined || consistency !== undefined)
    .map(({ name, transactions, consistency }) => ({
      name,
      ...(transactions === undefined ? {} : { transactions }),
      ...(consistency === undefined ? {} : { consistency }),
    }));
  return { keyspaces, users, findings };
}

function knownWhereabouts({ current, recorded }: KeyspacesInput, name: string): Whereabouts | undefined {
  return [...(current?.keyspaces ?? []), ...recorded].find((keyspace) => keyspace.name === name);
}

/** Throws RangesError for intervals that do not ascend. */
function place(
  { slots, strategy, placement, splitAt = [] }: SpecKeyspace,
  shards: readonly number[],
  others: readonly ShardMapKeyspace[],
  weights: Weights,
): Whereabouts {
  const homeShard = fewest(shards, (shard) => others.filter((other) => other.homeShard === shard).length);
  const ranges: RangeBound[] = [{ slot: 0 }, ...splitAt.map((from, index) => ({ slot: index + 1, from }))];
  const isRange = strategy === 'Range';
  if (isRange) {
    readRanges(ranges);
  }
  const placed = placeSlots(placement ?? (strategy === 'Hash' ? 'Modulo' : 'Balanced'), {
    slots: isRange ? ranges.length : slots,
    // One interval only: where the unsharded tables are, so that small keyspaces do not all end up on the first shard.
    shards: withWeights(isRange && ranges.length === 1 ? [homeShard] : shards, weights),
    current: [],
  });
  return {
    homeShard,
    referenceShards: [...shards],
    slotsByShard: shards.flatMap((shard) => {
      const held = placed.flatMap((owner, slot) => (owner === shard ? [slot] : []));
      return held.length === 0 ? [] : [{ shard, slots: writeSlotSet(held) }];
    }),
    ...(isRange ? { ranges } : {}),
  };
}

/** The lowest number among those that have the least of something. */
function fewest(numbers: readonly number[], count: (number: number) => number): number {
  const [first = 0] = numbers.toSorted((left, right) => count(left) - count(right) || left - right);
  return first;
}

function described(
  { name, strategy, placement, slots, defaultKey, tables, transactions, consistency }: SpecKeyspace,
  where: Whereabouts,
): ShardMapKeyspace {
  return {
    name,
    strategy,
    placement: placement ?? (strategy === 'Hash' ? 'Modulo' : 'Balanced'),
    slots,
    ...(defaultKey === undefined ? {} : { defaultKey }),
    tables: tables.map((table) => ({ ...table })),
    homeShard: where.homeShard,
    ...(where.referenceShards === undefined ? {} : { referenceShards: where.referenceShards }),
    slotsByShard: where.slotsByShard,
    ...(where.ranges === undefined ? {} : { ranges: where.ranges }),
    transactions,
    consistency,
  };
}

function notPlaced(name: string, error: unknown): Finding {
  const why = error instanceof Error ? error.message : String(error);
  return {
    reason: 'InvalidSpec',
    message: `The keyspace ${name} cannot be made: ${why}. Correct spec.keyspaces.`,
  };
}

/** Shards that hold no slot of any keyspace, though there are keyspaces. */
export interface EmptyShards {
  readonly names: readonly string[];
  /** Whether some keyspace has a slot for every shard. Where none has, slots that are spread anew fill no empty shard. */
  readonly slotsSuffice: boolean;
}

/** Shards of the map without slots; null where there are none. */
export function shardsWithoutSlots({ keyspaces = [], shards }: ShardMapSpec): EmptyShards | null {
  const holders = new Set(keyspaces.flatMap(({ slotsByShard }) => slotsByShard.map(({ shard }) => shard)));
  const names = shards.filter(({ number }) => !holders.has(number)).map(({ name }) => name);
  if (keyspaces.length === 0 || names.length === 0) {
    return null;
  }
  // A keyspace of intervals has as many slots as intervals; `slots` is the most there can be.
  const slotsSuffice = keyspaces.some(({ slots, ranges }) => (ranges?.length ?? slots) >= shards.length);
  return { names, slotsSuffice };
}
