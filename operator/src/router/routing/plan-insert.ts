/** INSERT and REPLACE. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { Edit } from '../sql/rewrite.ts';
import { decideAccess } from './access.ts';
import type { TableDescription } from './catalog.ts';
import { fixedTime } from './fixed-time.ts';
import { type MakeFunctionEdits, planFunctionEdits } from './function-edits.ts';
import { findIdColumn, idEdits, type IdColumn, type InsertForm, rowsWithoutId } from './generated-ids.ts';
import { type KeyspaceTables, planRefusal, planTables } from './plan-tables.ts';
import { refuseOtherReads, refuseOtherSlot, slotOfRow } from './insert-rows.ts';
import { insertedColumns, type InsertShape, keyOf, refuseUpdatedKey } from './insert-target.ts';
import { planInsertSelect } from './plan-insert-select.ts';
import { refuseSystemWrite } from './plan-change.ts';
import { planReferenceWrite } from './plan-reference-write.ts';
import type { KeyOf } from './key-constraint.ts';
import { buildKeyGraph } from './key-graph.ts';
import { qualifierEdits } from './qualifier-edits.ts';
import { refuseUnsupported, type Refused } from './refusal.ts';
import type { GeneratedIds, Route, RouteOf, SlotPart } from './route.ts';
import type { Plan, PlanContext, RoutingCall } from './routing-plan.ts';
import { groupBySlot, keepElements } from './split-edits.ts';

/** Plans an INSERT or REPLACE. */
export function planInsert(context: PlanContext, shape: InsertShape): Plan {
  const functionEdits = planFunctionEdits(context);
  if (typeof functionEdits !== 'function') {
    return planRefusal(functionEdits);
  }
  return planTables(context, {
    none: () =>
      planRefusal(refuseUnsupported('The statement inserts into no table that is known', 'Name the table')),
    system: (schemas) => planRefusal(refuseSystemWrite(schemas)),
    keyspace: (found) => planInto(context, shape, found, functionEdits),
  });
}

function planInto(
  context: PlanContext,
  shape: InsertShape,
  found: KeyspaceTables,
  functionEdits: MakeFunctionEdits,
): Plan {
  const target = found.tables[shape.table];
  const table = target?.description;
  if (target === undefined || table === undefined) {
    throw new RangeError(`the statement has no table ${shape.table}`);
  }
  switch (target.kind) {
    case 'unsharded':
      return planIntoUnsharded(shape, found, functionEdits);
    case 'reference':
      return found.kind === 'reference'
        ? planIntoReference(context, shape, found, table, functionEdits)
        : planRefusal(
            refuseUnsupported(
              `The Reference table ${table.name} is filled from tables that other shards do not have`,
              'Read the rows first, and insert them as values',
            ),
          );
    case 'sharded':
      return shape.source.kind === 'query'
        ? planInsertSelect(context, shape, found, table, functionEdits, shape.source.query)
        : planIntoSharded(context, shape, found, table, functionEdits);
    default:
      return assertNever(target.kind);
  }
}

function planIntoUnsharded(
  shape: InsertShape,
  { keyspace, tables }: KeyspaceTables,
  functionEdits: MakeFunctionEdits,
): Plan {
  const access = decideAccess(shape, tables);
  const qualifiers = qualifierEdits(shape, keyspace.name, tables, 'unsharded');
  return (call) => ({
    kind: 'single',
    place: { kind: 'unsharded', keyspace: keyspace.name },
    access,
    edits: [...functionEdits(call), ...qualifiers],
    generatedIds: null,
    reason: 'only unsharded tables',
  });
}

function formOf({ statement }: PlanContext, shape: InsertShape): InsertForm | Refused {
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
function takeIds(
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

function idsOf(ids: ReadonlyMap<number, bigint>): GeneratedIds | null {
  const [first] = ids.values();
  return first === undefined ? null : { first, count: ids.size };
}

function planIntoReference(
  context: PlanContext,
  shape: InsertShape,
  found: KeyspaceTables,
  table: TableDescription,
  functionEdits: MakeFunctionEdits,
): Plan {
  const form = formOf(context, shape);
  const column = findIdColumn(table, insertedColumns(shape, table));
  if ('kind' in form) {
    return planRefusal(form);
  }
  if (column !== null && 'kind' in column) {
    return planRefusal(column);
  }
  if (column !== null && shape.source.kind === 'query') {
    return planRefusal(
      refuseUnsupported(
        `The Reference table ${table.name} has generated ids, which each shard would give to other rows`,
        'Insert the rows as values',
      ),
    );
  }
  return planReferenceWrite(context, found, functionEdits, (call) => {
    const ids = takeIds(call, form, column);
    if ('kind' in ids) {
      return ids;
    }
    return { edits: column === null ? [] : idEdits(form, ids, column), generatedIds: idsOf(ids) };
  });
}

function planIntoSharded(
  context: PlanContext,
  shape: InsertShape,
  { keyspace, tables }: KeyspaceTables,
  table: TableDescription,
  functionEdits: MakeFunctionEdits,
): Plan {
  const columns = insertedColumns(shape, table);
  const key = keyOf(table);
  const form = formOf(context, shape);
  const column = findIdColumn(table, columns);
  const refused =
    'kind' in key
      ? key
      : 'kind' in form
        ? form
        : column !== null && 'kind' in column
          ? column
          : refuseUpdatedKey(shape, table, key);
  if ('kind' in key || 'kind' in form || (column !== null && 'kind' in column) || refused !== null) {
    return planRefusal(refused ?? refuseUnsupported('The INSERT cannot be routed', ''));
  }
  const graph = buildKeyGraph(shape, tables, context.digest);
  // Queries within the values read the slot of their row, and have to be bound to it.
  const reads = {
    ...graph,
    nodes: graph.nodes,
    components: graph.components.filter(
      ({ nodes }) => !nodes.some((node) => graph.nodes[node]?.table === shape.table),
    ),
  };
  const access = decideAccess(shape, tables);
  const qualifiers = qualifierEdits(shape, keyspace.name, tables, 'slot');
  const keyPosition = columns.indexOf(key.column);

  return (call) => {
    const ids = takeIds(call, form, column);
    if ('kind' in ids) {
      return ids;
    }
    const slots: number[] = [];
    for (const [index, row] of form.rows.entries()) {
      const slot = slotOfRow(call, row, {
        key,
        keyPosition,
        table,
        keyspace,
        id: isIdKey(column, key) ? ids.get(index) : undefined,
      });
      if (typeof slot !== 'number') {
        return slot;
      }
      slots.push(slot);
    }
    const conflict =
      refuseOtherSlot(call, slots, key, keyspace) ?? refuseOtherReads(call, reads, slots, keyspace);
    if (conflict !== null) {
      return conflict;
    }
    const edits = [...functionEdits(call), ...qualifiers];
    const added = column === null ? [] : idEdits(form, ids, column);
    return routeOfRows(call, {
      form,
      slots,
      edits: [...edits, ...added],
      shape,
      keyspace,
      access,
      ids: idsOf(ids),
      key,
    });
  };
}

interface RoutedRows {
  readonly form: InsertForm;
  readonly slots: readonly number[];
  readonly edits: readonly Edit[];
  readonly shape: InsertShape;
  readonly keyspace: KeyspaceTables['keyspace'];
  readonly access: Extract<Route, { kind: 'single' }>['access'];
  readonly ids: GeneratedIds | null;
  readonly key: KeyOf;
}

function routeOfRows(call: RoutingCall, routed: RoutedRows): Route {
  const { form, slots, edits, shape, keyspace, access, ids, key } = routed;
  const groups = groupBySlot(slots);
  const [slot] = groups.keys();
  const reason = `by key ${key.table}.${key.column}`;
  if (groups.size === 1 && slot !== undefined) {
    const place = { kind: 'slot', keyspace: keyspace.name, slot } as const;
    return { kind: 'single', place, access, edits, generatedIds: ids, reason };
  }
  if (shape.returning.length > 0) {
    return refuseUnsupported('RETURNING of rows in several slots', 'Insert the rows one by one');
  }
  const elements = form.rows.map(({ tokens }) => tokens);
  const fixed = fixedTime(call);
  return {
    kind: 'split',
    keyspace: keyspace.name,
    parts: [...groups].map(([part, rows]): SlotPart => {
      const removed = keepElements(elements, rows);
      return { slot: part, edits: [...fixed, ...outside(edits, removed), ...removed] };
    }),
    access,
    everySlot: false,
    generatedIds: ids,
    reason,
  };
}

/** Edits that are not within what is removed. */
function outside(edits: readonly Edit[], removed: readonly Edit[]): readonly Edit[] {
  return edits.filter(
    ({ tokens }) =>
      !removed.some((other) => other.tokens.first <= tokens.first && tokens.first < other.tokens.end),
  );
}

function isIdKey(column: IdColumn | null, key: KeyOf): boolean {
  return column?.column.name === key.column;
}
