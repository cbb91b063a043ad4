/**
 * The audit of a whole cluster: every row is there exactly once, in the slot its key hashes to, by SQL on the servers
 * themselves; the map and the rights agree; no database is left over. With `judge-shard.ts`, a second opinion that shares
 * nothing with the code that moves rows.
 *
 * A row cannot be there twice without one of these findings: a slot's database is served by one shard (`GrantOfAnother`,
 * `OrphanDatabase`), a key belongs to one slot (`RowsMisplaced`), and in one database a primary key is unique. Rows of tables
 * without a primary key are counted only.
 */
import { readKeyRule } from '../keyspace/key-rule.ts';
import { checkKeyRule, type KeyspaceLayout } from '../keyspace/keyspace-layout.ts';
import { readRanges } from '../keyspace/ranges.ts';
import {
  type AuditedTable,
  type ColumnRow,
  columnsSql,
  countSql,
  checksumsSql,
  DATABASES_SQL,
  databaseOfGrant,
  GRANTS_SQL,
  rowsSql,
} from './audit-sql.ts';
import type { AuditedKeyspace, AuditedMap } from './audited-map.ts';
import { type ExpectedDatabase, expectedDatabases } from './expected-databases.ts';
import { judgeMap, judgeShard } from './judge-shard.ts';
import type { AuditProblem, AuditReport } from './problem.ts';

/** A row of an answer, as texts; there are no NULLs in them. */
export type AuditRow = readonly string[];

/** Runs a statement on the primary of a shard, as somebody who sees all databases and `mysql.db`. */
export type AuditQuery = (shard: number, sql: string) => Promise<readonly AuditRow[]>;

/** Databases whose rows are read by one statement at a time. */
const DATABASES_AT_ONCE = 64;

interface TableColumns {
  readonly database: string;
  readonly table: string;
  readonly columns: readonly ColumnRow[];
}

interface ReferenceCopies {
  readonly shards: number[];
  /** Checksum by table, and by shard. */
  readonly tables: Map<string, Map<number, string>>;
}

interface Sums {
  slots: number;
  tables: number;
  rows: number;
  otherRows: number;
  readonly problems: AuditProblem[];
  /** By the name of a reference table's database: the shards that serve it, and what each has of each table. */
  readonly references: Map<string, ReferenceCopies>;
}

/**
 * Audits all shards, one after the other. Moves may go on meanwhile; then what they changed between two statements may be told
 * as a problem, which a second audit does not find again. Throws what `query` throws, and for a map that cannot be read.
 */
export async function auditCluster(map: AuditedMap, query: AuditQuery): Promise<AuditReport> {
  const sums: Sums = {
    slots: 0,
    tables: 0,
    rows: 0,
    otherRows: 0,
    problems: [...judgeMap(map)],
    references: new Map(),
  };
  for (const { number } of map.shards) {
    const expected = expectedDatabases(map, number);
    const databases = new Set((await query(number, DATABASES_SQL)).map(([name = '']) => name));
    const grants = await query(number, GRANTS_SQL);
    const granted = new Set(grants.map(([, pattern = '']) => databaseOfGrant(pattern)));
    sums.problems.push(...judgeShard(map, number, expected, { databases, granted }));
    const served = expected.filter(({ stake, database }) => stake !== 'copies' && databases.has(database));
    for (let index = 0; index < served.length; index += DATABASES_AT_ONCE) {
      await auditDatabases(map, number, served.slice(index, index + DATABASES_AT_ONCE), query, sums);
    }
  }
  const { references, ...report } = sums;
  return { ...report, problems: [...sums.problems, ...differingReferences(references)] };
}

async function auditDatabases(
  map: AuditedMap,
  shard: number,
  databases: readonly ExpectedDatabase[],
  query: AuditQuery,
  sums: Sums,
): Promise<void> {
  const rows = await query(shard, columnsSql(databases.map(({ database }) => database)));
  const tables = groupByTable(rows);
  for (const expected of databases) {
    const keyspace = map.keyspaces?.find(({ name }) => name === expected.keyspace);
    const own = tables.filter(({ database }) => database === expected.database);
    sums.slots += expected.slot === null ? 0 : 1;
    if (expected.isShared) {
      copiesOf(sums, expected.database).shards.push(shard);
    }
    if (keyspace === undefined || own.length === 0) {
      continue;
    }
    if (expected.slot === null) {
      await auditUncut(shard, expected, own, query, sums);
    } else {
      await auditSlot(shard, keyspace, { ...expected, slot: expected.slot }, own, query, sums);
    }
  }
}

async function auditSlot(
  shard: number,
  keyspace: AuditedKeyspace,
  { database, slot }: { readonly database: string; readonly slot: number },
  own: readonly TableColumns[],
  query: AuditQuery,
  sums: Sums,
): Promise<void> {
  const layout = layoutOf(keyspace);
  const readable: AuditedTable[] = [];
  for (const each of own) {
    const found = readTable(keyspace, layout, each);
    if (typeof found === 'string') {
      sums.problems.push({ kind: 'KeyUnreadable', shard, message: `${database}.${each.table}: ${found}` });
    } else {
      readable.push(found);
    }
  }
  if (readable.length === 0) {
    return;
  }
  for (const [table = '', count = '0', misplaced = '0'] of await query(
    shard,
    rowsSql(database, slot, layout, readable),
  )) {
    sums.tables += 1;
    sums.rows += Number(count);
    if (Number(misplaced) > 0) {
      sums.problems.push({
        kind: 'RowsMisplaced',
        shard,
        message: `${misplaced} of ${count} rows of ${database}.${table} have a key of another slot`,
      });
    }
  }
}

async function auditUncut(
  shard: number,
  { database, isShared }: ExpectedDatabase,
  own: readonly TableColumns[],
  query: AuditQuery,
  sums: Sums,
): Promise<void> {
  const names = own.map(({ table }) => table);
  if (isShared) {
    for (const [table = '', checksum = ''] of await query(shard, checksumsSql(database, names))) {
      const { tables } = copiesOf(sums, database);
      tables.set(table, (tables.get(table) ?? new Map<number, string>()).set(shard, checksum));
    }
    return;
  }
  for (const [, count = '0'] of await query(shard, countSql(database, names))) {
    sums.otherRows += Number(count);
  }
}

/** How the key of a table is read, or why it cannot be. */
function readTable(
  { tables, defaultKey }: AuditedKeyspace,
  layout: KeyspaceLayout,
  { table, columns }: TableColumns,
): AuditedTable | string {
  const key = tables.find(({ name }) => name.toLowerCase() === table.toLowerCase())?.key ?? defaultKey;
  if (key === undefined) {
    return 'the keyspace names no key for it';
  }
  const column = columns.find(([, , name]) => name.toLowerCase() === key.toLowerCase());
  if (column === undefined) {
    return `it has no column ${key}`;
  }
  const [, , name, columnType, collation] = column;
  const rule = readKeyRule({ columnType, collation: collation === '' ? null : collation });
  if (rule.kind === 'refused') {
    return `its column ${key} cannot be a key (${rule.code})`;
  }
  const refusal = checkKeyRule(layout, rule);
  return refusal === undefined
    ? { table, key: name, rule }
    : `its column ${key} cannot be a key (${refusal.code})`;
}

function layoutOf({ strategy, slots, ranges }: AuditedKeyspace): KeyspaceLayout {
  return strategy === 'Range' ? { strategy, ranges: readRanges(ranges ?? []) } : { strategy, slots };
}

function groupByTable(rows: readonly AuditRow[]): readonly TableColumns[] {
  const tables = new Map<string, TableColumns & { readonly columns: ColumnRow[] }>();
  for (const [database = '', table = '', column = '', type = '', collation = ''] of rows) {
    const name = `${database}/${table}`;
    const found = tables.get(name) ?? { database, table, columns: [] };
    found.columns.push([database, table, column, type, collation]);
    tables.set(name, found);
  }
  return [...tables.values()];
}

function copiesOf({ references }: Sums, database: string): ReferenceCopies {
  const found = references.get(database) ?? { shards: [], tables: new Map<string, Map<number, string>>() };
  references.set(database, found);
  return found;
}

function differingReferences(references: Sums['references']): readonly AuditProblem[] {
  return [...references.values()].flatMap(({ shards, tables }) =>
    [...tables].flatMap(([table, checksums]): AuditProblem[] => {
      const missing = shards.filter((shard) => !checksums.has(shard));
      const message =
        missing.length > 0
          ? `${table} is not on shard ${missing.join(', ')}`
          : new Set(checksums.values()).size > 1
            ? `copies of ${table} are not the same on shards ${shards.join(', ')}`
            : undefined;
      return message === undefined ? [] : [{ kind: 'ReferenceDiffers', shard: null, message }];
    }),
  );
}
