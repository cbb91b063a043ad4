/** Where slots are in a map that replaces a lost one. Pure. */
import type { ShardMapKeyspace, ShardMapMove } from '../../api/v1alpha1/index.ts';
import { ownerAnnotation } from '../../api/v1alpha1/index.ts';
import { MAX_MOVES } from '../../api/v1alpha1/limits.ts';
import type { MapEvidence } from '../../core/rebuild/evidence.ts';
import {
  type HoldingShard,
  type LeftoverCopy,
  settleKeyspace,
  type SettledKeyspace,
  type UnsettledDatabase,
} from '../../core/rebuild/settle-keyspace.ts';
import type { PlannedDepartures } from '../../core/rebuild/planned-departures.ts';
import type { Finding } from './finding.ts';

/** What is decided from. */
export interface RestoreKeyspacesInput {
  /** Name of the cluster. */
  readonly cluster: string;
  readonly namespace: string;
  /** Keyspaces as the spec describes them, where the status says they were, or as they would be placed anew. */
  readonly keyspaces: readonly ShardMapKeyspace[];
  /** Those that the status has on record. */
  readonly reportedKeyspaces: readonly { readonly name: string }[];
  /** Shards that may have data. */
  readonly restored: ReadonlySet<number>;
  readonly evidence: MapEvidence | null;
  /** Shards that people have named for databases that cannot be settled, by the name of the database. */
  readonly decided: ReadonlyMap<string, number>;
  /** Name of the rebalance that was under way; null for none. */
  readonly underWay: string | null;
  /** What rebalances under way may have moved, and from where; null where that may be anything. */
  readonly planned: PlannedDepartures | null;
  /** Of the map that is made. */
  readonly revision: number;
  /** Whether there is no map at all, rather than one without keyspaces. */
  readonly isCreated: boolean;
}

/** Why they cannot be told. */
export interface RefusedKeyspaces {
  readonly kind: 'refuse';
  readonly finding: Finding;
  /** Shards that did not tell what they hold. */
  readonly untold: readonly number[];
}

/** Where slots are, and what has to be cleaned up. */
export interface RestoredKeyspaces {
  readonly kind: 'restored';
  readonly keyspaces: readonly ShardMapKeyspace[];
  readonly moves: readonly ShardMapMove[];
  /** What it was made from, in a sentence. */
  readonly note: string;
}

/** Most databases that a condition names. */
const MOST_NAMED = 8;

/**
 * By what the databases of all shards hold. Where not all of them tell, by the status, unless slots were moving: then it may not know who owns one
 * that was just cut over. A copy that a move has left is given an entry by which its shard removes it.
 */
export function restoreKeyspaces(input: RestoreKeyspacesInput): RestoredKeyspaces | RefusedKeyspaces {
  const {
    cluster,
    keyspaces,
    reportedKeyspaces,
    restored,
    evidence,
    decided,
    underWay,
    planned,
    revision,
    isCreated,
  } = input;
  if (keyspaces.length === 0) {
    return { kind: 'restored', keyspaces, moves: [], note: 'It has no keyspaces.' };
  }
  const holding = (evidence ?? []).flatMap(({ number, holdings }): HoldingShard[] =>
    holdings === null ? [] : [{ number, holdings }],
  );
  const told = new Set(holding.map(({ number }) => number));
  const untold = [...restored].filter((number) => !told.has(number));
  if (untold.length > 0) {
    return underWay === null
      ? {
          kind: 'restored',
          keyspaces,
          moves: [],
          note: 'Slots are where the status said they were; nothing was moving.',
        }
      : { kind: 'refuse', finding: notTold(cluster, untold, evidence, underWay), untold };
  }
  const recorded = new Set(reportedKeyspaces.map(({ name }) => name));
  const settled = keyspaces.map((keyspace) =>
    settleKeyspace(
      {
        name: keyspace.name,
        slots: keyspace.slots,
        known: placesOf(keyspace),
        isRecorded: recorded.has(keyspace.name),
        planned,
      },
      holding,
      decided,
    ),
  );
  const unsettled = settled.flatMap((each) => each.unsettled);
  if (unsettled.length > 0) {
    return { kind: 'refuse', finding: notSettled(input, unsettled), untold };
  }
  const leftovers = settled.flatMap((each) => each.leftovers).slice(0, MAX_MOVES);
  return {
    kind: 'restored',
    keyspaces: keyspaces.map((keyspace, index) => ({ ...keyspace, ...settledPlaces(settled[index]) })),
    moves: leftovers.map((leftover, index) =>
      cleanUp(leftover, `rebuilt-${revision}-${index + 1}`, isCreated),
    ),
    note: describe(settled, leftovers.length),
  };
}

function placesOf({ homeShard, referenceShards, slotsByShard, ranges }: ShardMapKeyspace) {
  return {
    homeShard,
    referenceShards: referenceShards ?? [...new Set([homeShard, ...slotsByShard.map(({ shard }) => shard)])],
    slotsByShard,
    ...(ranges === undefined ? {} : { ranges }),
  };
}

function settledPlaces(settled: SettledKeyspace | undefined) {
  if (settled === undefined) {
    return {};
  }
  const { homeShard, referenceShards, slotsByShard } = settled.places;
  return {
    homeShard,
    referenceShards: [...referenceShards],
    slotsByShard: slotsByShard.map((each) => ({ ...each })),
  };
}

/**
 * The owner serves, and the other shard removes what it has: the last phase of a move that was undone. On a map that is there, a move
 * begins with its first phase, and one that belongs to no ShardRebalance is undone at once.
 */
function cleanUp(
  { keyspace, unit, slot, owner, shard }: LeftoverCopy,
  id: string,
  isCreated: boolean,
): ShardMapMove {
  return {
    id,
    keyspace,
    unit,
    ...(slot === undefined ? {} : { slot }),
    from: owner,
    to: shard,
    phase: isCreated ? 'Undoing' : 'Copying',
    attempt: 1,
  };
}

function describe(settled: readonly SettledKeyspace[], leftovers: number): string {
  const moved = settled.flatMap(({ places, moved: slots }) =>
    slots.map(({ slot, from, to }) => `slot ${slot} of ${places.name} from shard ${from} to ${to}`),
  );
  const keptBy = (which: 'status' | 'records'): readonly string[] =>
    settled.flatMap((each) =>
      each.kept
        .filter(({ by }) => by === which)
        .map(({ database, shard }) => `${database} on shard ${shard}`),
    );
  const [kept, recorded] = [keptBy('status'), keptBy('records')];
  return [
    'Slots are where users have rights on their databases.',
    ...(moved.length === 0 ? [] : [`Since the status was written, there went ${listed(moved)}.`]),
    ...(kept.length === 0
      ? []
      : [
          `Where they contradict each other it is where the status said, for no move had to do with it: ${listed(kept)}.`,
        ]),
    ...(recorded.length === 0
      ? []
      : [
          `Where they contradict each other while it was to move, by the records of its move: ${listed(recorded)}.`,
        ]),
    ...(leftovers === 0 ? [] : [`Copies that moves have left are removed: ${leftovers}.`]),
  ].join(' ');
}

function notTold(
  cluster: string,
  untold: readonly number[],
  evidence: MapEvidence | null,
  rebalance: string,
): Finding {
  const why = untold.map((number) => {
    const because = evidence?.find((shard) => shard.number === number)?.because ?? 'nothing is heard of it';
    return `shard ${number}: ${because}`;
  });
  return {
    reason: 'ShardMapMissing',
    blocks: 'cluster',
    message:
      `The ShardMap ${cluster} is missing, and slots were moving (${rebalance}): it is made again once the primary of every shard ` +
      `tells what it holds. It is waited for ${listed(why)}. Nothing is changed until then. Bring those shards back, ` +
      `or restore the ShardMap from a backup.`,
  };
}

function notSettled(
  { cluster, namespace }: Pick<RestoreKeyspacesInput, 'cluster' | 'namespace'>,
  unsettled: readonly UnsettledDatabase[],
): Finding {
  const what = unsettled.map(
    ({ database, shards, because }) => `${database} on shards ${shards.join(' and ')} (${because})`,
  );
  const commands = unsettled.map(
    ({ database, shards }) =>
      `kubectl annotate shardedcluster ${cluster} --namespace=${namespace} --overwrite ` +
      `${ownerAnnotation(database)}=${shards.join(' (or ')}${')'.repeat(shards.length - 1)}`,
  );
  return {
    reason: 'ShardMapMissing',
    blocks: 'cluster',
    message:
      `The ShardMap ${cluster} is missing, and it cannot be told which shard has ${listed(what)}. Nothing is changed. ` +
      `Compare the rows on each of them, and name the shard that is right: ${listed(commands)}. ` +
      `kubectl shardwright report ${cluster} --namespace=${namespace} shows all of it.`,
  };
}

function listed(texts: readonly string[]): string {
  const more = texts.length - MOST_NAMED;
  return texts.slice(0, MOST_NAMED).join('; ') + (more > 0 ? `; and ${more} more` : '');
}
