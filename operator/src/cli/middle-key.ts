/** The key in the middle of a slot. */
import type { ShardMapKeyspace, ShardMapSpec } from '../api/v1alpha1/index.ts';
import { databaseOfSlot } from '../core/keyspace/database-names.ts';
import { readKeyRule } from '../core/keyspace/key-rule.ts';
import { type KeyedTable, middleKeySql } from '../core/keyspace/middle-key-sql.ts';
import { readSlotOwners, shardOf } from '../core/keyspace/slot-owners.ts';
import { PluginFailure } from './failure.ts';
import type { PluginSession } from './session.ts';
import { type ShardQuery, shardQuery } from './shard-query.ts';

/**
 * The key of the row in the middle of the slot’s largest table, or the next greater one where no row is below it, so that both
 * parts have rows. Throws `PluginFailure` where there is none.
 */
export async function findMiddleKey(
  session: PluginSession,
  map: ShardMapSpec,
  { keyspace: name, slot }: { readonly keyspace: string; readonly slot: number },
  signal: AbortSignal,
): Promise<string> {
  const keyspace = map.keyspaces?.find((each) => each.name === name);
  const owners = keyspace === undefined ? undefined : readSlotOwners(keyspace.slotsByShard, keyspace.slots);
  const shard = owners === undefined ? undefined : shardOf(owners, slot);
  if (keyspace === undefined || shard === undefined) {
    throw new PluginFailure('NotFound', `there is no slot ${slot} of a keyspace ${name}`);
  }
  const query = shardQuery(session, map.shards, signal);
  const database = databaseOfSlot(name, slot);
  const [keyed] = await readKeyedTables(query, shard, keyspace, database);
  if (keyed === undefined) {
    throw new PluginFailure(
      'Refused',
      `${database} has no table with a key: name the first key of the upper part with --at`,
    );
  }
  const [[count = '0'] = []] = await query(shard, `SELECT COUNT(*) FROM ${keyed.table}`);
  const [[found] = []] = await query(shard, middleKeySql(keyed, Math.floor(Number(count) / 2)));
  if (found === undefined) {
    throw new PluginFailure(
      'Refused',
      `slot ${slot} of ${name} has no two keys in its largest table, ${keyed.table}: name the first key of the upper part with --at`,
    );
  }
  return found;
}

/** The tables of a slot that have its key, the largest first. */
export async function readKeyedTables(
  query: ShardQuery,
  shard: number,
  keyspace: ShardMapKeyspace,
  database: string,
): Promise<readonly KeyedTable[]> {
  const rows = await query(
    shard,
    "SELECT c.TABLE_NAME, c.COLUMN_NAME, c.COLUMN_TYPE, COALESCE(c.COLLATION_NAME, '') FROM information_schema.COLUMNS c " +
      'JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME ' +
      `WHERE c.TABLE_SCHEMA = '${database}' AND t.TABLE_TYPE = 'BASE TABLE' ORDER BY t.TABLE_ROWS DESC, c.TABLE_NAME`,
  );
  const keys = new Map(keyspace.tables.map(({ name, key }) => [name, key]));
  return rows.flatMap(([table = '', name = '', columnType = '', collation = '']) => {
    const wanted = keys.get(table) ?? keyspace.defaultKey;
    const rule = readKeyRule({ columnType, collation: collation === '' ? null : collation });
    return name.toLowerCase() === wanted?.toLowerCase() && rule.kind !== 'refused'
      ? [{ table: `${quote(database)}.${quote(table)}`, column: quote(name), rule }]
      : [];
  });
}

function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
