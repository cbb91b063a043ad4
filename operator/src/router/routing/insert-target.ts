/** Where the rows of an INSERT go. */
import type { InsertNode, StatementParts } from '../sql/statement-shape.ts';
import type { TableDescription } from './catalog.ts';
import type { KeyOf } from './key-constraint.ts';
import { refuseKeyValue, refuseUnsupported, type Refused } from './refusal.ts';

/** An INSERT or REPLACE. */
export type InsertShape = StatementParts & InsertNode;

/** Columns of an INSERT, in the order of its values. */
export function insertedColumns(
  { columns, source }: InsertShape,
  table: TableDescription,
): readonly string[] {
  const named = source.kind === 'set' ? source.columns : columns;
  return named ?? table.columns.filter(({ invisible }) => !invisible).map(({ name }) => name);
}

/** The key of a table into which rows go. */
export function keyOf({ name, key, isView }: TableDescription): KeyOf | Refused {
  if (key === null || isView) {
    return refuseUnsupported(
      `${name} has no key column, so that it is not known in which slot its rows are`,
      isView ? 'Insert into the table' : 'Add the column that the keyspace or the table names as its key',
    );
  }
  return key.rule.kind === 'refused'
    ? refuseKeyValue(name, key.column, key.rule)
    : { table: name, column: key.column, rule: key.rule };
}

/** ON DUPLICATE KEY UPDATE may set the key to nothing but what it is. */
export function refuseUpdatedKey(shape: InsertShape, table: TableDescription, key: KeyOf): Refused | null {
  const changes = shape.onDuplicate.some(({ column, value }) => {
    if (column !== key.column) {
      return false;
    }
    const isItself = value.kind === 'column' && value.column.name === key.column;
    const [argument] = value.kind === 'call' && /^VALUES?$/.test(value.name) ? value.arguments : [];
    return !isItself && !(argument?.kind === 'column' && argument.column.name === key.column);
  });
  return changes
    ? refuseUnsupported(
        `ON DUPLICATE KEY UPDATE sets ${table.name}.${key.column}, the column that decides in which slot a row is`,
        'Leave it out',
      )
    : null;
}
