/** Whether the upper part of a split would begin empty. */
import type { ShardMapSpec } from '../api/v1alpha1/index.ts';
import { databaseOfSlot } from '../core/keyspace/database-names.ts';
import { checkKeyRule, keySlotSql, type KeyspaceLayout } from '../core/keyspace/keyspace-layout.ts';
import { readRanges } from '../core/keyspace/ranges.ts';
import { readSlotOwners, shardOf } from '../core/keyspace/slot-owners.ts';
import { PluginFailure } from './failure.ts';
import { readKeyedTables } from './middle-key.ts';
import type { PluginSession } from './session.ts';
import { shardQuery } from './shard-query.ts';

/** A table whose keys have no index is read whole: whoever waits for an answer gets none then. Seconds. */
const MOST_SECONDS = 5;

/** In the layout that tells the parts apart. */
const UPPER = 1;

/**
 * Whether no row of a slot has a key from `at` on; null where that is not found out in time. A slot that is not there is null as well:
 * the plan says so.
 */
export async function isUpperPartEmpty(
  session: Pick<PluginSession, 'kubectl'>,
  map: ShardMapSpec,
  { keyspace: name, slot, at }: { readonly keyspace: string; readonly slot: number; readonly at: string },
  signal: AbortSignal,
): Promise<boolean | null> {
  const keyspace = map.keyspaces?.find((each) => each.name === name);
  const shard =
    keyspace === undefined ? undefined : shardOf(readSlotOwners(keyspace.slotsByShard, keyspace.slots), slot);
  if (keyspace === undefined || shard === undefined) {
    return null;
  }
  const query = shardQuery(session, map.shards, signal);
  const layout: KeyspaceLayout = {
    strategy: 'Range',
    ranges: readRanges([{ slot: 0 }, { slot: UPPER, from: at }]),
  };
  try {
    const tables = await readKeyedTables(query, shard, keyspace, databaseOfSlot(name, slot));
    for (const { table, column, rule } of tables) {
      if (checkKeyRule(layout, rule) !== undefined) {
        return null;
      }
      const found = await query(
        shard,
        `SET STATEMENT max_statement_time = ${MOST_SECONDS} FOR SELECT 1 FROM ${table} ` +
          `WHERE ${keySlotSql(layout, column, rule)} = ${UPPER} LIMIT 1`,
      );
      if (found.length > 0) {
        return false;
      }
    }
    return true;
  } catch (error) {
    if (error instanceof PluginFailure) {
      return null;
    }
    throw error;
  }
}
