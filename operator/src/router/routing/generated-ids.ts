/** Ids that the router puts into INSERTs: AUTO_INCREMENT of one slot knows nothing of the others. */
import type { Expression } from '../sql/expression.ts';
import type { Edit } from '../sql/rewrite.ts';
import type { InsertRow } from '../sql/statement-shape.ts';
import type { ColumnDescription, TableDescription } from './catalog.ts';
import { constantOf, keyLiteralOf } from './key-constraint.ts';
import { refuseUnsupported, type Refused } from './refusal.ts';
import type { RoutingCall } from './routing-plan.ts';

/** The generated column of a table, and where its values stand in the rows of an INSERT; null: nowhere. */
export interface IdColumn {
  readonly column: ColumnDescription;
  readonly position: number | null;
}

/** Finds the column of a table that has generated ids. `columns`: of the INSERT. */
export function findIdColumn(
  { name, columns: described }: TableDescription,
  columns: readonly string[],
): IdColumn | Refused | null {
  const column = described.find(({ autoIncrement }) => autoIncrement);
  if (column === undefined) {
    return null;
  }
  const position = columns.indexOf(column.name);
  return column.dataType === 'bigint'
    ? { column, position: position < 0 ? null : position }
    : refuseUnsupported(
        `Generated ids have 63 bits, and the AUTO_INCREMENT column ${column.name} of table ${name} is ${column.columnType}`,
        `ALTER TABLE ${name} MODIFY ${column.name} BIGINT NOT NULL AUTO_INCREMENT`,
      );
}

/** Rows, by index, that ask for a generated id: without a value, or with NULL, DEFAULT or 0. */
export function rowsWithoutId(
  call: RoutingCall,
  rows: readonly InsertRow[],
  { position }: IdColumn,
): readonly number[] {
  return rows.flatMap((row, index) => {
    const value = position === null ? null : row.values[position];
    return value === null || (value !== undefined && asksForId(call, value)) ? [index] : [];
  });
}

function asksForId(call: RoutingCall, value: Expression): boolean {
  if (value.kind === 'default') {
    return true;
  }
  const constant = constantOf(value);
  const literal = constant === null ? null : keyLiteralOf(constant, call.values);
  switch (literal?.kind) {
    case 'null':
      return true;
    case 'number':
    case 'double':
      return (
        !call.input.session.keepsZeroIds &&
        Number(literal.kind === 'number' ? literal.text : literal.value) === 0
      );
    default:
      return false;
  }
}

/** How the rows of an INSERT are written. */
export interface InsertForm {
  readonly rows: readonly InsertRow[];
  /** INSERT … SET: one row, as assignments. */
  readonly isSet: boolean;
  /** First token within the parentheses of the list of columns; null without such a list. */
  readonly listStart: number | null;
  /** The list has no columns: INSERT INTO t () VALUES (). */
  readonly isListEmpty: boolean;
}

/** Puts ids into the rows with the same index; other rows keep the value that they have. */
export function idEdits(
  { rows, isSet, listStart, isListEmpty }: InsertForm,
  ids: ReadonlyMap<number, bigint>,
  { column, position }: IdColumn,
): readonly Edit[] {
  if (position !== null) {
    return [...ids].flatMap(([index, id]) => {
      const tokens = rows[index]?.values[position]?.tokens;
      return tokens === undefined ? [] : [{ tokens, text: String(id) }];
    });
  }
  const name = `\`${column.name}\``;
  if (isSet) {
    return rows.map((row, index) => insert(row.tokens.first, `${name} = ${ids.get(index)}, `));
  }
  const comma = isListEmpty ? '' : ', ';
  const list = listStart === null ? [] : [insert(listStart, name + comma)];
  return [...list, ...rows.map((row, index) => insert(row.tokens.first + 1, `${ids.get(index)}${comma}`))];
}

function insert(at: number, text: string): Edit {
  return { tokens: { first: at, end: at }, text };
}
