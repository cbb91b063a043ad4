/** INSERT … SELECT into a sharded table: within one slot, where that can be shown. */
import type { SelectItem } from '../sql/query-shape.ts';
import { decideAccess } from './access.ts';
import { bindSlots } from './bind-slots.ts';
import type { TableDescription } from './catalog.ts';
import type { MakeFunctionEdits } from './function-edits.ts';
import { findIdColumn } from './generated-ids.ts';
import { constantOf, storedSlot, targetSlot } from './key-constraint.ts';
import { buildKeyGraph } from './key-graph.ts';
import { haveSameKeys } from './same-keys.ts';
import { insertedColumns, type InsertShape, keyOf, refuseUpdatedKey } from './insert-target.ts';
import { type KeyspaceTables, planRefusal } from './plan-tables.ts';
import { qualifierEdits } from './qualifier-edits.ts';
import { refuseUnsupported } from './refusal.ts';
import type { Plan, PlanContext } from './routing-plan.ts';

/**
 * Plans it: everything that is read is bound to one slot, and the key of the rows is a constant of that slot, or the
 * key of a table that is bound to it.
 */
export function planInsertSelect(
  context: PlanContext,
  shape: InsertShape,
  { keyspace, tables }: KeyspaceTables,
  table: TableDescription,
  functionEdits: MakeFunctionEdits,
  queryIndex: number,
): Plan {
  const key = keyOf(table);
  if ('kind' in key) {
    return planRefusal(key);
  }
  const changed = refuseUpdatedKey(shape, table, key);
  if (changed !== null) {
    return planRefusal(changed);
  }
  const columns = insertedColumns(shape, table);
  const id = findIdColumn(table, columns);
  const idItem =
    id === null || 'kind' in id || id.position === null ? undefined : itemsOf(shape, queryIndex)[id.position];
  if (id !== null && ('kind' in id || idItem === undefined || idItem.expression.kind === 'null')) {
    return planRefusal(
      'kind' in id
        ? id
        : refuseUnsupported(
            `INSERT … SELECT into ${table.name} gives no value to ${id.column.name}, whose ids the router generates`,
            `Select a value for ${id.column.name}, or insert the rows as values`,
          ),
    );
  }
  const graph = buildKeyGraph(shape, tables, context.digest);
  const components = graph.components.filter(
    ({ nodes }) => !nodes.some((node) => graph.nodes[node]?.table === shape.table),
  );
  const reads = { ...graph, components };
  const body = shape.queries[queryIndex]?.body;
  const scopeIndex = body?.kind === 'select' ? body.scope : null;
  const selected = itemsOf(shape, queryIndex)[columns.indexOf(key.column)]?.expression;
  const constant = selected === undefined ? null : constantOf(selected);
  const node =
    selected?.kind === 'column' && scopeIndex !== null ? graph.nodeOf(scopeIndex, selected.column) : null;
  const rule = node === null ? undefined : graph.nodes[node]?.key?.rule;
  const isBoundNode =
    node !== null &&
    rule !== undefined &&
    haveSameKeys(rule, key.rule) &&
    components.some(({ nodes }) => nodes.includes(node));
  const refused = refuseUnsupported(
    `INSERT … SELECT into ${table.name}, where it cannot be shown that all rows stay within one slot`,
    `Give the key in the query, and select it for ${table.name}.${key.column} by its column or as a constant; or insert the rows as values`,
  );
  if (constant === null && !isBoundNode) {
    return planRefusal(refused);
  }
  const access = decideAccess(shape, tables);
  const qualifiers = qualifierEdits(shape, keyspace.name, tables, 'slot');
  return (call) => {
    const stored = constant === null ? null : storedSlot(constant, key, keyspace, call.values);
    if (stored !== null && typeof stored !== 'number') {
      return stored;
    }
    const choice = components.length === 0 ? null : bindSlots({ ...call, key: null }, keyspace, reads);
    if (choice?.kind === 'refused') {
      return choice;
    }
    const target = call.key === null ? null : targetSlot(call.key, key, keyspace);
    if (target !== null && typeof target !== 'number') {
      return target;
    }
    const slots = new Set([...(choice?.slots ?? []), stored, target].filter((found) => found !== null));
    const [slot] = slots;
    if (slots.size !== 1 || slot === undefined || choice?.isBound === false) {
      return refused;
    }
    return {
      kind: 'single',
      place: { kind: 'slot', keyspace: keyspace.name, slot },
      access,
      edits: [...functionEdits(call), ...qualifiers],
      generatedIds: null,
      reason: `by key ${key.table}.${key.column}`,
    };
  };
}

/** The select list, where the position of its items is certain; empty otherwise. */
function itemsOf(shape: InsertShape, queryIndex: number): readonly SelectItem[] {
  const body = shape.queries[queryIndex]?.body;
  const items = body?.kind === 'select' ? (shape.scopes[body.scope]?.items ?? []) : [];
  return items.some(({ expression }) => expression.kind === 'star') ? [] : items;
}
