/** By which columns the rows of a database are told apart when only some of them are taken. */
import { checkKeyRule, keySlotSql } from '../../../core/keyspace/keyspace-layout.ts';
import { type KeyRule, readKeyRule } from '../../../core/keyspace/key-rule.ts';
import { EngineError } from '../../engine-error.ts';
import type { PartOfRows } from '../../slot-transfer.ts';
import { quoteName } from '../keyspace-roles.ts';
import { stringLiteral } from './tables.ts';

/** The key column of a table. */
export interface PartKey {
  readonly column: string;
  /** Its place among all columns, from 0. */
  readonly place: number;
  readonly rule: KeyRule;
}

/** Key columns by table. */
export type PartKeys = ReadonlyMap<string, PartKey>;

/** Asks a server for all columns of the tables of a database; read with {@link readPartKeys}. */
export function partKeysQuery(database: string): string {
  return (
    'SELECT c.TABLE_NAME, c.COLUMN_NAME, c.ORDINAL_POSITION, c.COLUMN_TYPE, c.COLLATION_NAME FROM information_schema.COLUMNS c ' +
    'JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME ' +
    `WHERE c.TABLE_SCHEMA = ${stringLiteral(database)} AND t.TABLE_TYPE = 'BASE TABLE' ORDER BY BINARY c.TABLE_NAME, c.ORDINAL_POSITION`
  );
}

/** The key column of every table. EngineError `NotMovable` for a table that has none, or one that has no order. */
export function readPartKeys(
  rows: readonly (readonly (string | null)[])[],
  { layout, keyOf }: PartOfRows,
): PartKeys {
  const keys = new Map<string, PartKey>();
  for (const [table, column, ordinal, columnType, collation] of rows) {
    if (table === null || table === undefined || column?.toLowerCase() !== keyOf(table)?.toLowerCase()) {
      continue;
    }
    const rule = readKeyRule({ columnType: columnType ?? '', collation: collation ?? null });
    const refusal = rule.kind === 'refused' ? rule : checkKeyRule(layout, rule);
    if (rule.kind === 'refused' || refusal !== undefined) {
      throw new EngineError(
        'NotMovable',
        `the key ${column} of table ${table} ${refusal?.reason ?? ''}: its rows cannot be told apart by intervals`,
      );
    }
    keys.set(table, { column: column ?? '', place: Number(ordinal) - 1, rule });
  }
  const without = [...new Set(rows.map(([table]) => table ?? ''))].filter((table) => !keys.has(table));
  if (without.length > 0) {
    throw new EngineError(
      'NotMovable',
      `tables without their key column cannot be divided: ${without.join(', ')}`,
    );
  }
  return keys;
}

/** A condition that the rows of a part fulfil, and no other. */
export function partCondition({ layout, slot, side }: PartOfRows, { column, rule }: PartKey): string {
  const isInside = `COALESCE(${keySlotSql(layout, quoteName(column), rule)}, -1) = ${slot}`;
  return side === 'inside' ? isInside : `NOT (${isInside})`;
}
