/** The rows of an INSERT, and the ids that they ask for. */
import type { GeneratedIds, RouteOf } from './route.ts';
import { type IdColumn, type InsertForm, rowsWithoutId } from './generated-ids.ts';
import type { InsertShape } from './insert-target.ts';
import { refuseUnsupported, type Refused } from './refusal.ts';
import type { PlanContext, RoutingCall } from './routing-plan.ts';

/** How the rows of an INSERT are written, or why they cannot be told apart. */
export function formOf({ statement }: PlanContext, shape: InsertShape): InsertForm | Refused {
  const { source, columns, table } = shape;
  const end = shape.tables[table]?.tokens.end ?? 0;
  if (
    columns !== null &&
    source.kind === 'values' &&
    statement.textOf({ first: end, end: end + 1 }) !== '('
  ) {
    return refuseUnsupported('INSERT with PARTITION', 'Leave PARTITION out');
  }
  return {
    rows: source.kind === 'query' ? [] : source.kind === 'set' ? [source.row] : source.rows,
    isSet: source.kind === 'set',
    listStart: columns === null ? null : end + 1,
    isListEmpty: columns?.length === 0,
  };
}

/** Ids for the rows that ask for one, what has to be asked first, or why there are none. */
export function takeIds(
  call: RoutingCall,
  form: InsertForm,
  column: IdColumn | null,
): ReadonlyMap<number, bigint> | Refused | RouteOf<'needsIds'> {
  const rows = column === null ? [] : rowsWithoutId(call, form.rows, column);
  if (column === null || rows.length === 0) {
    return new Map();
  }
  const isListed = column.position !== null || form.isSet || form.listStart !== null;
  if (!isListed) {
    return refuseUnsupported(
      `The invisible column ${column.column.name} needs a generated id`,
      'Name the columns of the INSERT',
    );
  }
  const first = call.input.firstGeneratedId;
  return first === null
    ? { kind: 'needsIds', count: rows.length }
    : new Map(rows.map((row, index) => [row, first + BigInt(index)]));
}

/** The ids of a route, by the rows that they are for. */
export function idsOf(ids: ReadonlyMap<number, bigint>): GeneratedIds | null {
  const [first] = ids.values();
  return first === undefined ? null : { first, count: ids.size };
}
