import type { Edit } from '../sql/rewrite.ts';
import { decideAccess } from './access.ts';
import type { TableDescription } from './catalog.ts';
import { fixedTime } from './fixed-time.ts';
import type { MakeFunctionEdits } from './function-edits.ts';
import { findIdColumn, idEdits, type IdColumn, type InsertForm } from './generated-ids.ts';
import { formOf, idsOf, takeIds } from './insert-ids.ts';
import { refuseOtherReads, refuseOtherSlot, slotOfRow } from './insert-rows.ts';
import { insertedColumns, type InsertShape, keyOf, refuseUpdatedKey } from './insert-target.ts';
import { constantOf, type KeyOf } from './key-constraint.ts';
import { buildKeyGraph } from './key-graph.ts';
import { type KeyspaceTables, planRefusal } from './plan-tables.ts';
import { qualifierEdits } from './qualifier-edits.ts';
import { refuseUnsupported } from './refusal.ts';
import type { Route, SlotPart } from './route.ts';
import type { RoutedKey } from './routed-key.ts';
import type { Plan, PlanContext, RoutingCall } from './routing-plan.ts';
import { groupBySlot, keepElements } from './split-edits.ts';

/** Plans an INSERT of values into a sharded table: each row goes to the slot of its key. */
export function planIntoSharded(
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
      keyspace,
      access,
      ids,
      key,
      keyPosition,
      isIdKey: isIdKey(column, key),
    });
  };
}

interface RoutedRows {
  readonly form: InsertForm;
  readonly slots: readonly number[];
  readonly edits: readonly Edit[];
  readonly keyspace: KeyspaceTables['keyspace'];
  readonly access: Extract<Route, { kind: 'single' }>['access'];
  /** By row. */
  readonly ids: ReadonlyMap<number, bigint>;
  readonly key: KeyOf;
  readonly keyPosition: number;
  /** Whether a generated id is its row's key. */
  readonly isIdKey: boolean;
}

function routeOfRows(call: RoutingCall, routed: RoutedRows): Route {
  const { form, slots, edits, keyspace, access, key } = routed;
  const groups = groupBySlot(slots);
  const [slot] = groups.keys();
  const generatedIds = idsOf(routed.ids);
  const reason = `by key ${key.table}.${key.column}`;
  if (groups.size === 1 && slot !== undefined) {
    const place = { kind: 'slot', keyspace: keyspace.name, slot } as const;
    return { kind: 'single', place, access, edits, generatedIds, reason, boundBy: keyOfRow(routed, 0) };
  }
  const elements = form.rows.map(({ tokens }) => tokens);
  const fixed = fixedTime(call);
  return {
    kind: 'split',
    keyspace: keyspace.name,
    parts: [...groups].map(([part, rows]): SlotPart => {
      const removed = keepElements(elements, rows);
      return {
        slot: part,
        rows,
        boundBy: keyOfRow(routed, rows[0] ?? 0),
        edits: [...fixed, ...outside(edits, removed), ...removed],
      };
    }),
    access,
    everySlot: false,
    generatedIds,
    reason,
  };
}

function keyOfRow({ form, ids, key, keyPosition, isIdKey: isId }: RoutedRows, row: number): RoutedKey | null {
  const id = isId ? ids.get(row) : undefined;
  if (id !== undefined) {
    return { key, value: { kind: 'number', text: String(id) } };
  }
  const written = form.rows[row]?.values[keyPosition];
  const value = written === undefined ? null : constantOf(written);
  return value === null ? null : { key, value };
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
