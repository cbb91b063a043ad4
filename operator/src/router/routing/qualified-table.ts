/** Statements that run the same from any current database, once the name of their table has its own in front. */
import { placeTable } from '../sql/edits.ts';
import type { Edit } from '../sql/rewrite.ts';
import type { StatementShape } from '../sql/statement-shape.ts';
import { isPlainFunction } from './functions.ts';

/** By shape, since it is the same for all statements with a digest. */
const known = new WeakMap<StatementShape, boolean>();

/**
 * The edit that makes a statement name its database, or null where that is not all it takes: several tables, a multi-table form
 * whose targets are looked for in the current database, functions and sequences that may be the database's own, or a statement
 * that names databases already.
 */
export function qualifyingEdit(shape: StatementShape, database: string): Edit | null {
  let isQualifiable = known.get(shape);
  if (isQualifiable === undefined) {
    isQualifiable = canQualify(shape);
    known.set(shape, isQualifiable);
  }
  const [table] = shape.tables;
  return isQualifiable && table !== undefined ? placeTable(table, database) : null;
}

function canQualify(shape: StatementShape): boolean {
  const { tables, qualifiers, queries, scopes, functions, sequences, settings } = shape;
  const isSimple =
    tables.length === 1 &&
    qualifiers.length === 0 &&
    queries.length <= 1 &&
    scopes.length <= 1 &&
    settings.length === 0 &&
    !sequences &&
    functions.every(isPlainFunction);
  return isSimple && isOneTable(shape);
}

function isOneTable(shape: StatementShape): boolean {
  switch (shape.kind) {
    case 'select':
    case 'update':
      return true;
    case 'insert':
      return shape.source.kind !== 'query';
    case 'delete':
      return shape.targets.length === 0;
    default:
      return false;
  }
}
