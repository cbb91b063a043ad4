/** INSERT and REPLACE. */
import { assertNever } from '../../runtime/assert-never.ts';
import { decideAccess } from './access.ts';
import type { TableDescription } from './catalog.ts';
import { joinEdits, type MakeFunctionEdits, planFunctionEdits } from './function-edits.ts';
import { findIdColumn, idEdits } from './generated-ids.ts';
import { formOf, idsOf, takeIds } from './insert-ids.ts';
import { insertedColumns, type InsertShape } from './insert-target.ts';
import { refuseSystemWrite } from './plan-change.ts';
import { planIntoSharded } from './plan-insert-rows.ts';
import { planInsertSelect } from './plan-insert-select.ts';
import { planReferenceWrite } from './plan-reference-write.ts';
import { type KeyspaceTables, planRefusal, planTables } from './plan-tables.ts';
import { qualifierEdits } from './qualifier-edits.ts';
import { refuseUnsupported } from './refusal.ts';
import type { Plan, PlanContext } from './routing-plan.ts';

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
    edits: joinEdits(functionEdits(call), qualifiers),
    generatedIds: null,
    reason: 'only unsharded tables',
  });
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
