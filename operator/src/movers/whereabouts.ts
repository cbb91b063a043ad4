/** Where everything that can move is, by the map. Pure. */
import type { ShardMapSpec } from '../api/v1alpha1/index.ts';
import { assertNever } from '../core/assert-never.ts';
import { readSlotOwners, shardOf } from '../core/keyspace/slot-owners.ts';
import { type NewMove, referenceShardsOf } from './move-edits.ts';

/** Answers where things are. */
export interface Whereabouts {
  /**
   * Number of the shard that has what moves; undefined where it is nowhere. Of reference tables: `to` once it has a copy,
   * `from` until then.
   */
  ownerOf(move: Omit<NewMove, 'id'>): number | undefined;
  /** Whether a shard has the reference tables of a keyspace. */
  hasReferences(keyspace: string, shard: number): boolean;
}

/** Reads a map once, for any number of questions. */
export function readWhereabouts({ keyspaces = [] }: Pick<ShardMapSpec, 'keyspaces'>): Whereabouts {
  const known = new Map(
    keyspaces.map((keyspace) => [
      keyspace.name,
      {
        home: keyspace.homeShard,
        references: new Set(referenceShardsOf(keyspace)),
        owners: readSlotOwners(keyspace.slotsByShard, keyspace.slots),
      },
    ]),
  );
  const hasReferences = (keyspace: string, shard: number): boolean =>
    known.get(keyspace)?.references.has(shard) === true;
  return {
    hasReferences,
    ownerOf({ keyspace: name, unit, slot = -1, from, to }) {
      const keyspace = known.get(name);
      if (keyspace === undefined) {
        return undefined;
      }
      switch (unit) {
        case 'Slot':
          return shardOf(keyspace.owners, slot);
        case 'Unsharded':
          return keyspace.home;
        case 'Reference':
          return hasReferences(name, to) ? to : from;
        default:
          return assertNever(unit);
      }
    },
  };
}
