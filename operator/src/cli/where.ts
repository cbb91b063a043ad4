/** `kubectl shardwright where`: the slot, the database, the shard and the primary of a key. */
import type { ShardMapKeyspace, ShardMapSpec } from '../api/v1alpha1/index.ts';
import { canonicalKey } from '../core/keyspace/canonical-key.ts';
import { databaseOfSlot } from '../core/keyspace/database-names.ts';
import type { KeyLiteral, KeyRefusal } from '../core/keyspace/key-literal.ts';
import { type KeyColumn, type KeyRule, readKeyRule } from '../core/keyspace/key-rule.ts';
import { checkKeyRule, type KeyspaceLayout, slotOf } from '../core/keyspace/keyspace-layout.ts';
import { readRanges } from '../core/keyspace/ranges.ts';
import { readSlotOwners, shardOf } from '../core/keyspace/slot-owners.ts';
import { readCluster } from './cluster-view.ts';
import type { OutputFormat } from './command-line.ts';
import { PluginFailure } from './failure.ts';
import { requireMap } from './plan.ts';
import type { PluginSession } from './session.ts';
import { shardQuery } from './shard-query.ts';

/** What was asked for. */
export interface WhereOptions {
  readonly cluster: string;
  readonly keyspace: string;
  readonly key: string;
  /** Table whose key column decides how the key is read. @default any table of the keyspace */
  readonly table?: string;
  /** `COLUMN_TYPE` of the key. @default asked of a server */
  readonly type?: string;
  /** Of a text. */
  readonly collation: string;
  readonly output: OutputFormat;
}

/** Where a key is, as JSON. Fields are added, never renamed. */
export interface KeyPlace {
  readonly keyspace: string;
  readonly columnType: string;
  readonly slot: number;
  readonly database: string;
  readonly shard: string;
  /** Null while the shard has none. */
  readonly primary: string | null;
  /** Phase of the move that the slot is in, and where to; null while it is in none. */
  readonly moving: { readonly phase: string; readonly to: number } | null;
}

/** Shows where a key is. Throws `PluginFailure`. */
export async function showWhere(
  session: PluginSession,
  options: WhereOptions,
  signal: AbortSignal,
): Promise<void> {
  const view = await readCluster(session, options.cluster, signal);
  const map = requireMap(view);
  const keyspace = map.keyspaces?.find(({ name }) => name === options.keyspace);
  if (keyspace === undefined) {
    const known = map.keyspaces?.map(({ name }) => name).join(', ') ?? '';
    throw new PluginFailure(
      'NotFound',
      `${options.cluster} has no keyspace ${options.keyspace}: there are ${known === '' ? 'none' : known}`,
    );
  }
  const column =
    options.type === undefined
      ? await askColumn(session, map, keyspace, options, signal)
      : { columnType: options.type.toLowerCase(), collation: options.collation };
  const place = findPlace(map, keyspace, column, options.key);
  if (options.output === 'json') {
    session.say(JSON.stringify(place, null, 2));
    return;
  }
  session.say(
    `slot ${place.slot}   database ${place.database}   shard ${place.shard}   primary ${place.primary ?? 'none now'}`,
  );
  if (place.moving !== null) {
    session.say(`It moves to shard ${place.moving.to}: ${place.moving.phase}.`);
  }
}

/** Where a key of that column is. Pure. Throws `PluginFailure` for a key that no row can have. */
export function findPlace(
  map: ShardMapSpec,
  keyspace: ShardMapKeyspace,
  column: KeyColumn,
  text: string,
): KeyPlace {
  const layout = layoutOf(keyspace);
  const rule = accepted(readKeyRule(column));
  const refusal = checkKeyRule(layout, rule);
  if (refusal !== undefined) {
    refuse(refusal);
  }
  const slot = slotOf(layout, accepted(canonicalKey(literalOf(text, rule), rule)));
  const owner = shardOf(readSlotOwners(keyspace.slotsByShard, keyspace.slots), slot);
  const shard = map.shards.find(({ number }) => number === owner);
  if (shard === undefined) {
    throw new PluginFailure('Failed', `slot ${slot} of ${keyspace.name} is on no shard of the map`);
  }
  const move = map.moves?.find((each) => each.keyspace === keyspace.name && each.slot === slot);
  return {
    keyspace: keyspace.name,
    columnType: column.columnType,
    slot,
    database: databaseOfSlot(keyspace.name, slot),
    shard: shard.name,
    primary: shard.primary,
    moving: move === undefined ? null : { phase: move.phase, to: move.to },
  };
}

function layoutOf({ strategy, slots, ranges }: ShardMapKeyspace): KeyspaceLayout {
  return strategy === 'Range' ? { strategy, ranges: readRanges(ranges ?? []) } : { strategy, slots };
}

/** Bytes are written as `0x…`; everything else as in SQL between quotes, where a number is a number, too. */
function literalOf(text: string, rule: KeyRule): KeyLiteral {
  const [, digits] = /^0x((?:[0-9a-f]{2})*)$/iu.exec(text) ?? [];
  return rule.kind === 'binary' && digits !== undefined
    ? { kind: 'bytes', bytes: Buffer.from(digits, 'hex') }
    : { kind: 'string', bytes: Buffer.from(text, 'utf8') };
}

function accepted<T extends object>(verdict: T | KeyRefusal): T {
  return isRefusal(verdict) ? refuse(verdict) : verdict;
}

function isRefusal(verdict: object): verdict is KeyRefusal {
  return 'code' in verdict && 'hint' in verdict;
}

function refuse({ reason, hint }: KeyRefusal): never {
  throw new PluginFailure('Refused', `the key ${reason}. ${hint}`);
}

/** The column that decides the slot, as a server that has slots of the keyspace knows it. */
async function askColumn(
  session: PluginSession,
  map: ShardMapSpec,
  keyspace: ShardMapKeyspace,
  { table }: WhereOptions,
  signal: AbortSignal,
): Promise<KeyColumn> {
  const { name, tables, defaultKey = '', slots, slotsByShard } = keyspace;
  const [slot = 0, owner = 0] =
    [...readSlotOwners(slotsByShard, slots).shards.entries()].find(([, shard]) => shard >= 0) ?? [];
  const rows = await shardQuery(
    session,
    map.shards,
    signal,
  )(
    owner,
    `SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, COALESCE(COLLATION_NAME, '') FROM information_schema.COLUMNS
  WHERE TABLE_SCHEMA = '${databaseOfSlot(name, slot)}' ORDER BY TABLE_NAME, ORDINAL_POSITION`,
  );
  const found = rows.find(([tableName = '', columnName = '']) => {
    const key = tables.find((each) => each.name === tableName)?.key ?? defaultKey;
    return (table === undefined || table === tableName) && columnName.toLowerCase() === key.toLowerCase();
  });
  if (found === undefined) {
    throw new PluginFailure(
      'NotFound',
      `${name} has no ${table === undefined ? 'table' : `table ${table}`} with a key column: create it, or say its type: --type bigint`,
    );
  }
  const [, , columnType = '', collation = ''] = found;
  return { columnType, collation: collation === '' ? null : collation };
}
