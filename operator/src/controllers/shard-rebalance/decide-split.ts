/** Whether a slot of a keyspace that is cut by intervals has grown so large that it is to be split by itself. Pure. */
import type { ShardMapKeyspace, ShardRebalance } from '../../api/v1alpha1/index.ts';
import { type KeyspaceSplit, LEAST_BYTES, LEAST_ROWS } from '../../api/v1alpha1/keyspace-split.ts';
import { databaseOfSlot } from '../../core/keyspace/database-names.ts';
import { readSlotOwners, shardOf } from '../../core/keyspace/slot-owners.ts';
import type { MeasuredDatabase } from '../../core/move-view.ts';
import { type ClusterObservation, hasEnded } from './observe.ts';

/** A slot that is over a threshold. */
export interface GrownSlot {
  readonly keyspace: string;
  readonly slot: number;
  /** Number of the shard that has it. */
  readonly shard: number;
  readonly database: string;
  /** How many times the threshold it has: more than 1. */
  readonly excess: number;
  /** A sentence: what it has, and which threshold that is over. */
  readonly reason: string;
}

/** Since when slots are over a threshold without interruption: milliseconds since the epoch, by database. */
export type GrownSince = ReadonlyMap<string, number>;

/**
 * A slot is split only when it has been over a threshold for so long: sizes are measured once a minute, and a statistic that was
 * taken amid a load of rows is not yet a slot that has grown. Milliseconds.
 */
const STEADY_MILLISECONDS = 120_000;

/** All slots over a threshold of their keyspace, the greatest excess first. */
export function findGrownSlots({
  cluster,
  map,
  shards,
}: Pick<ClusterObservation, 'cluster' | 'map' | 'shards'>): readonly GrownSlot[] {
  const measured = new Map(
    shards.flatMap(({ number, trouble, databases }) =>
      trouble === null ? (databases ?? []).map((each) => [`${number}/${each.database}`, each] as const) : [],
    ),
  );
  return cluster.spec.keyspaces
    .flatMap(({ name, split }) => {
      const keyspace = map.keyspaces?.find((each) => each.name === name);
      return split === undefined || keyspace?.ranges === undefined
        ? []
        : grownSlots(keyspace, split, measured);
    })
    .toSorted((left, right) => right.excess - left.excess || (left.database < right.database ? -1 : 1));
}

/**
 * Keyspaces with a threshold of load of which no server says how many rows it handles, though it tells their sizes. In the first
 * minutes of a server that is so of every one.
 */
export function findUncounted({
  cluster,
  map,
  shards,
}: Pick<ClusterObservation, 'cluster' | 'map' | 'shards'>): readonly string[] {
  const measured = shards.flatMap(({ databases }) => databases ?? []);
  return cluster.spec.keyspaces.flatMap(({ name, split }) => {
    const ranges = map.keyspaces?.find((each) => each.name === name)?.ranges ?? [];
    const own = new Set(ranges.map(({ slot }) => databaseOfSlot(name, slot)));
    const found = measured.filter(({ database }) => own.has(database));
    const isCounted = found.some(({ rowsPerSecond }) => rowsPerSecond !== undefined);
    return split?.maxRowsPerSecond === undefined || found.length === 0 || isCounted ? [] : [name];
  });
}

/** Since when, given what was known a pass ago. Whatever is no longer over a threshold is forgotten. */
export function noteGrownSlots(since: GrownSince, grown: readonly GrownSlot[], now: number): GrownSince {
  return new Map(grown.map(({ database }) => [database, since.get(database) ?? now]));
}

/**
 * The slots that may be split now, the first first: those that were over a threshold for long enough, while nothing else is
 * planned, moves or waits, `spec.rebalance` lets slots move, and the last split of the keyspace ended long enough ago. A slot
 * whose split was cancelled, or has failed, is not asked for again while that ShardRebalance is there: people decide.
 */
export function decideSplit(
  observation: ClusterObservation,
  grown: readonly GrownSlot[],
  since: GrownSince,
): readonly GrownSlot[] {
  const { cluster, map, rebalances, isWindowOpen, now } = observation;
  const { suspend, hibernated, rebalance: policy } = cluster.spec;
  const isQuiet = !suspend && !hibernated && !policy.paused && isWindowOpen && (map.moves ?? []).length === 0;
  if (!isQuiet || rebalances.some((rebalance) => !hasEnded(rebalance))) {
    return [];
  }
  return grown.filter(({ keyspace, slot, database }) => {
    const own = rebalances.filter(({ spec }) => spec.split?.keyspace === keyspace);
    const interval = cluster.spec.keyspaces.find(({ name }) => name === keyspace)?.split?.minIntervalSeconds;
    return (
      now - (since.get(database) ?? now) >= STEADY_MILLISECONDS &&
      own.every((each) => now - endOf(each) >= 1000 * (interval ?? 0)) &&
      !own.some((each) => each.spec.split?.slot === slot && each.status?.phase !== 'Completed')
    );
  });
}

function endOf({ status, metadata }: ShardRebalance): number {
  return Date.parse(status?.endedAt ?? metadata.creationTimestamp ?? '') || 0;
}

function grownSlots(
  { name, slots, slotsByShard, ranges = [] }: ShardMapKeyspace,
  thresholds: KeyspaceSplit,
  measured: ReadonlyMap<string, MeasuredDatabase>,
): GrownSlot[] {
  const owners = readSlotOwners(slotsByShard, slots);
  return ranges.flatMap(({ slot }) => {
    const database = databaseOfSlot(name, slot);
    const shard = shardOf(owners, slot);
    const size = shard === undefined ? undefined : measured.get(`${shard}/${database}`);
    const [worst] = size === undefined ? [] : excesses(size, thresholds);
    return shard === undefined || worst === undefined
      ? []
      : [
          {
            keyspace: name,
            slot,
            shard,
            database,
            excess: worst.excess,
            reason: `Slot ${slot} of ${name} has ${worst.words}.`,
          },
        ];
  });
}

/** How far a database is over each threshold that it is over, the farthest first. */
function excesses(
  { bytes, rows, rowsPerSecond = 0 }: MeasuredDatabase,
  { maxBytes = Infinity, maxRows = Infinity, maxRowsPerSecond = Infinity }: KeyspaceSplit,
): readonly { readonly excess: number; readonly words: string }[] {
  // What is hot and small would be as hot, and smaller.
  const load = bytes < LEAST_BYTES || rows < LEAST_ROWS ? 0 : rowsPerSecond;
  return [
    { excess: bytes / maxBytes, words: `${bytes} bytes, and maxBytes is ${maxBytes}` },
    { excess: rows / maxRows, words: `about ${rows} rows, and maxRows is ${maxRows}` },
    {
      excess: load / maxRowsPerSecond,
      words: `${load} rows read or changed in a second, and maxRowsPerSecond is ${maxRowsPerSecond}`,
    },
  ]
    .filter(({ excess }) => excess > 1)
    .toSorted((left, right) => right.excess - left.excess);
}
