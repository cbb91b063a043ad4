/** Where everything of a keyspace is, by what the databases of all shards hold. Pure. */
import {
  readDatabaseName,
  databaseOfSlot,
  sharedDatabase,
  unshardedDatabase,
} from '../keyspace/database-names.ts';
import type { RangeBound } from '../keyspace/ranges.ts';
import type { ShardSlots } from '../keyspace/slot-owners.ts';
import { readSlotOwners, shardOf } from '../keyspace/slot-owners.ts';
import { writeSlotSet } from '../keyspace/slot-set.ts';
import type { DatabaseHoldings } from './evidence.ts';
import type { PlannedDepartures } from './planned-departures.ts';
import { type Claim, settleDatabase } from './settle-database.ts';

/** Where a keyspace is, as a map says it. */
export interface KeyspacePlaces {
  readonly name: string;
  readonly homeShard: number;
  readonly referenceShards: readonly number[];
  readonly slotsByShard: readonly ShardSlots[];
  readonly ranges?: readonly RangeBound[];
}

/** What of a keyspace is found out. */
export interface KeyspaceQuestion {
  readonly name: string;
  /** Number of its slots; of one cut by ranges the most there can be. */
  readonly slots: number;
  /** Where it was when its map was last seen, or would be if it were new: for what has no database on any shard. */
  readonly known: Omit<KeyspacePlaces, 'name'>;
  /** Whether `known` is where a map had it. */
  readonly isRecorded: boolean;
  /** What may have moved since, and from where; null where that may be anything. */
  readonly planned: PlannedDepartures | null;
}

/** A shard, and what its primary's database holds. */
export interface HoldingShard {
  readonly number: number;
  readonly holdings: DatabaseHoldings;
}

/** A database that several shards have. */
export interface UnsettledDatabase {
  readonly keyspace: string;
  readonly database: string;
  readonly shards: readonly number[];
  readonly because: string;
}

/** A copy that a move has left on a shard that does not own it. */
export interface LeftoverCopy {
  readonly keyspace: string;
  readonly unit: 'Slot' | 'Unsharded' | 'Reference';
  readonly slot?: number;
  readonly owner: number;
  readonly shard: number;
}

/** What was found. */
export interface SettledKeyspace {
  /** Complete only where `unsettled` is empty. */
  readonly places: KeyspacePlaces;
  readonly unsettled: readonly UnsettledDatabase[];
  /** Of which servers contradict each other, and that are where the map had them, or where the records of their move say. */
  readonly kept: readonly {
    readonly database: string;
    readonly shard: number;
    readonly by: 'status' | 'records';
  }[];
  readonly leftovers: readonly LeftoverCopy[];
  /** Slots that are not where they were when the map was last seen. */
  readonly moved: readonly { readonly slot: number; readonly from: number; readonly to: number }[];
}

/**
 * Decides for one keyspace. `decided`: what people have said of databases that cannot be settled, by their name; it counts for
 * nothing else. Where they have said nothing, and no move has to do with it, it is where it was if it is there: the lost map said so, too,
 * and whatever contradicts that was not brought about by a move. Throws as `readSlotOwners` does, for places that contradict themselves.
 */
export function settleKeyspace(
  question: KeyspaceQuestion,
  shards: readonly HoldingShard[],
  decided: ReadonlyMap<string, number>,
): SettledKeyspace {
  const { name, slots, known, isRecorded, planned } = question;
  const claims = readClaims(name, shards);
  const unsettled: UnsettledDatabase[] = [];
  const kept: SettledKeyspace['kept'][number][] = [];
  const leftovers: LeftoverCopy[] = [];
  const ownerOf = (
    database: string,
    what: Pick<LeftoverCopy, 'unit' | 'slot'>,
    otherwise: number | undefined,
  ): number | undefined => {
    const present = claims.get(database) ?? [];
    const verdict = settleDatabase(present, planned?.get(database) ?? null);
    if (verdict.kind === 'nowhere') {
      return otherwise;
    }
    const word = decided.get(database);
    let owner = verdict.kind === 'owner' ? verdict.shard : verdict.shards.find((shard) => shard === word);
    if (verdict.kind === 'owner' && verdict.byPlan) {
      kept.push({ database, shard: verdict.shard, by: 'records' });
    }
    if (verdict.kind === 'unsettled' && owner === undefined) {
      const isStill = isRecorded && planned !== null && !planned.has(database);
      if (otherwise !== undefined && isStill && isUnmoved(present, otherwise)) {
        owner = otherwise;
        kept.push({ database, shard: owner, by: 'status' });
      } else {
        const because = `${verdict.because}: ${present.map(describeClaim).join('; ')}`;
        unsettled.push({ keyspace: name, database, shards: verdict.shards, because });
      }
    }
    if (owner !== undefined) {
      leftovers.push(...leftoversOf(name, what, owner, present));
    }
    return owner;
  };

  const before = readSlotOwners(known.slotsByShard, slots);
  const existing = known.ranges?.map(({ slot }) => slot) ?? Array.from({ length: slots }, (_, slot) => slot);
  const owners = new Map<number, number>();
  for (const slot of existing.toSorted((left, right) => left - right)) {
    const owner = ownerOf(databaseOfSlot(name, slot), { unit: 'Slot', slot }, shardOf(before, slot));
    if (owner !== undefined) {
      owners.set(slot, owner);
    }
  }
  unsettled.push(...unknownRanges(name, new Set(existing), claims));
  const homeShard =
    ownerOf(unshardedDatabase(name), { unit: 'Unsharded' }, known.homeShard) ?? known.homeShard;
  const holders = new Set([homeShard, ...owners.values()]);
  const shared = claims.get(sharedDatabase(name)) ?? [];
  const referenceShards = referencesAmong(shared, known.referenceShards, holders);
  const [source] = referenceShards;
  return {
    places: {
      name,
      homeShard,
      referenceShards,
      slotsByShard: slotsByShard(owners),
      ...(known.ranges === undefined ? {} : { ranges: known.ranges }),
    },
    unsettled,
    kept,
    leftovers: [
      ...leftovers,
      ...(source === undefined
        ? []
        : shared
            .filter((claim) => !referenceShards.includes(claim.shard) && isLeftOver(claim))
            .map(({ shard }) => ({ keyspace: name, unit: 'Reference' as const, owner: source, shard }))),
    ],
    moved: [...owners].flatMap(([slot, to]) => {
      const from = shardOf(before, slot);
      return from === undefined || from === to ? [] : [{ slot, from, to }];
    }),
  };
}

/** What each shard has of each database of the keyspace. */
function readClaims(
  keyspace: string,
  shards: readonly HoldingShard[],
): ReadonlyMap<string, readonly Claim[]> {
  const claims = new Map<string, Claim[]>();
  for (const { number, holdings } of shards) {
    const fences = new Map(holdings.fences.map(({ database, revision }) => [database, revision]));
    const moves = Map.groupBy(holdings.moves, ({ database }) => database);
    const add = (database: string, isThere: boolean, isGranted: boolean): void => {
      if (readDatabaseName(database)?.keyspace === keyspace) {
        const claim: Claim = {
          shard: number,
          isThere,
          isGranted,
          fence: fences.get(database) ?? null,
          moves: (moves.get(database) ?? []).map(({ id }) => id),
        };
        claims.set(database, [...(claims.get(database) ?? []), claim]);
      }
    };
    holdings.served.forEach((database) => add(database, true, true));
    holdings.closed.forEach((database) => add(database, true, false));
    holdings.missing.forEach((database) => add(database, false, true));
  }
  return claims;
}

/** What a shard has of a database, for a person to judge by. */
function describeClaim({ shard, isThere, isGranted, fence, moves }: Claim): string {
  const facts = [
    isThere ? 'it is there' : 'it is not there',
    isGranted ? 'users have rights' : 'nobody has rights',
    ...(fence === null ? [] : [`fenced by revision ${fence}`]),
    ...moves.map((id) => `brought by move ${id}`),
  ];
  return `on shard ${shard} ${facts.join(', ')}`;
}

/** Whether no server has any record of a move or a switch of it, and it is on this shard. */
function isUnmoved(claims: readonly Claim[], shard: number): boolean {
  return (
    claims.every(({ fence, moves }) => fence === null && moves.length === 0) &&
    claims.some((claim) => claim.shard === shard && claim.isThere)
  );
}

/** Only what a move has recorded there: whatever else has such a name may be somebody's, and stays. */
function isLeftOver({ isThere, isGranted, fence, moves }: Claim): boolean {
  return isThere && !isGranted && (fence !== null || moves.length > 0);
}

function leftoversOf(
  keyspace: string,
  what: Pick<LeftoverCopy, 'unit' | 'slot'>,
  owner: number,
  claims: readonly Claim[],
): LeftoverCopy[] {
  return claims
    .filter((claim) => claim.shard !== owner && isLeftOver(claim))
    .map(({ shard }) => ({ keyspace, ...what, owner, shard }));
}

/** A slot that users have rights on, and whose range nobody knows: it was split off after the map was last seen. */
function unknownRanges(
  keyspace: string,
  existing: ReadonlySet<number>,
  claims: ReadonlyMap<string, readonly Claim[]>,
): UnsettledDatabase[] {
  return [...claims].flatMap(([database, present]) => {
    const read = readDatabaseName(database);
    const granted = present.filter(({ isGranted }) => isGranted).map(({ shard }) => shard);
    return read?.kind !== 'slot' || existing.has(read.slot) || granted.length === 0
      ? []
      : [{ keyspace, database, shards: granted, because: 'its range is not on record' }];
  });
}

/**
 * Shards whose users have rights on the reference tables, or had them until a copy was fenced: they never leave a shard. And those
 * that were on record and hold slots, whose copy may never have been made.
 */
function referencesAmong(
  claims: readonly Claim[],
  known: readonly number[],
  holders: ReadonlySet<number>,
): readonly number[] {
  const own = claims.filter(({ isGranted, fence }) => isGranted || fence !== null).map(({ shard }) => shard);
  const recorded = claims.length === 0 ? known : known.filter((shard) => holders.has(shard));
  return [...new Set([...own, ...recorded])].toSorted((left, right) => left - right);
}

function slotsByShard(owners: ReadonlyMap<number, number>): readonly ShardSlots[] {
  const shards = [...new Set(owners.values())].toSorted((left, right) => left - right);
  return shards.map((shard) => ({
    shard,
    slots: writeSlotSet([...owners].filter(([, owner]) => owner === shard).map(([slot]) => slot)),
  }));
}
