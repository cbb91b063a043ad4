/** Which databases of keyspaces belong on a shard. Pure. */
import { createHash } from 'node:crypto';
import type { ShardMapKeyspace } from '../api/v1alpha1/index.ts';
import { databaseOfSlot, sharedDatabase, unshardedDatabase } from '../core/keyspace/database-names.ts';
import { readSlotSet } from '../core/keyspace/slot-set.ts';
import type { KeyspaceDatabases } from '../engines/keyspaces.ts';

/** The databases of a shard. */
export interface WantedDatabases {
  readonly keyspaces: readonly KeyspaceDatabases[];
  /** Tells one such set from the next. */
  readonly digest: string;
}

/**
 * The databases of shard `number`: those of its slots, that of the reference tables of each keyspace, and those of unsharded
 * tables where it is their home. Throws SlotSetError for a map that says none.
 */
export function wantedDatabases(keyspaces: readonly ShardMapKeyspace[], number: number): WantedDatabases {
  const wanted = keyspaces.map(({ name, homeShard, slotsByShard }) => ({
    keyspace: name,
    databases: [
      ...readSlotSet(slotsByShard.find(({ shard }) => shard === number)?.slots ?? '').map((slot) =>
        databaseOfSlot(name, slot),
      ),
      sharedDatabase(name),
      ...(homeShard === number ? [unshardedDatabase(name)] : []),
    ],
  }));
  return { keyspaces: wanted, digest: createHash('sha256').update(JSON.stringify(wanted)).digest('hex') };
}
