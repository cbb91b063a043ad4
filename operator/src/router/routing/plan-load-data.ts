/** LOAD DATA LOCAL. */
import { readFormat, type FileFormat } from '../sql/file-format.ts';
import type { Edit } from '../sql/rewrite.ts';
import type { LoadDataNode, StatementParts } from '../sql/statement-shape.ts';
import { decideAccess } from './access.ts';
import type { TableDescription } from './catalog.ts';
import type { FileLoad, LoadIds, LoadTarget } from './file-load.ts';
import { fixedTime } from './fixed-time.ts';
import { planFunctionEdits } from './function-edits.ts';
import { isRepeatableFunction, SESSION_FUNCTIONS } from './functions.ts';
import { findIdColumn, type IdColumn } from './generated-ids.ts';
import { keyOf } from './insert-target.ts';
import { type KeyOf, targetSlot } from './key-constraint.ts';
import { type KeyspaceTables, planRefusal, planTables } from './plan-tables.ts';
import { qualifierEdits } from './qualifier-edits.ts';
import { refuse, refuseUnsupported, type Refused } from './refusal.ts';
import type { Plan, PlanContext, RoutingCall } from './routing-plan.ts';

type LoadShape = StatementParts & LoadDataNode;

/** What files are in where the statement does not say: what databases of slots are made with. */
const DEFAULT_CHARSET = 'utf8mb4';

/** Plans LOAD DATA LOCAL: into an unsharded table as it is, else row by row. */
export function planLoadData(context: PlanContext, shape: LoadShape): Plan {
  return planTables(context, {
    none: () => planRefusal(refuseUnsupported('LOAD DATA names no table', 'Name the table')),
    system: (schemas) => planRefusal(refuseUnsupported(`LOAD DATA into ${schemas.join(', ')}`, '')),
    keyspace: (found) => {
      const refused = refuseUnread(shape);
      if (refused !== null) {
        return planRefusal(refused);
      }
      return found.kind === 'unsharded' ? planUnsharded(shape, found) : planRows(context, shape, found);
    },
  });
}

/** What cannot be done anywhere. */
function refuseUnread({ local, queries }: LoadShape): Refused | null {
  return local
    ? queries.length > 0
      ? refuseUnsupported('A query in the SET of LOAD DATA', 'Load the rows first, and change them then')
      : null
    : refuseUnsupported(
        'LOAD DATA without LOCAL: the file would have to be on every server',
        'Write LOAD DATA LOCAL',
      );
}

function planUnsharded(shape: LoadShape, { keyspace, tables }: KeyspaceTables): Plan {
  const access = decideAccess(shape, tables);
  const edits = qualifierEdits(shape, keyspace.name, tables, 'unsharded');
  return () => ({
    kind: 'single',
    place: { kind: 'unsharded', keyspace: keyspace.name },
    access,
    edits,
    generatedIds: null,
    reason: 'only unsharded tables',
  });
}

function planRows(context: PlanContext, shape: LoadShape, found: KeyspaceTables): Plan {
  const { keyspace, tables, kind } = found;
  const table = tables[shape.table]?.description;
  if (table === undefined) {
    throw new RangeError(`the statement has no table ${shape.table}`);
  }
  const columns =
    shape.columns ?? table.columns.filter(({ invisible }) => !invisible).map(({ name }) => name);
  const functionEdits = planFunctionEdits(context);
  const id = findIdColumn(table, columns);
  const target = kind === 'sharded' ? planSlots(shape, table, columns, id) : planCopies(shape, table);
  const refused = firstRefusal([
    refuseFormat(shape),
    typeof functionEdits === 'function' ? null : functionEdits,
    id,
    target,
    id !== null && !('kind' in id) ? refuseAssigned(shape, table, id.column.name) : null,
  ]);
  if (refused !== null || typeof functionEdits !== 'function' || isRefused(id) || isRefused(target)) {
    return planRefusal(refused ?? refuseUnsupported('LOAD DATA cannot be routed', ''));
  }
  const access = decideAccess(shape, tables);
  const qualifiers = qualifierEdits(shape, keyspace.name, tables, kind === 'sharded' ? 'slot' : 'shared');
  const added = formEdits(shape, columns, id);
  return (call) => {
    const format = formatOf(call, shape);
    if (isRefused(format)) {
      return format;
    }
    const rows = target.kind === 'copies' ? target : withChosenSlot(call, target, keyspace);
    if (isRefused(rows)) {
      return rows;
    }
    const load: FileLoad = {
      table: table.name,
      target: rows,
      ids: idsOf(id, target, call),
      format,
      charset: shape.layout.charset ?? DEFAULT_CHARSET,
      fields: columns.length,
      variables: columns.filter((name) => name.startsWith('@')).map((name) => name.slice(1)),
    };
    return {
      kind: 'load',
      keyspace: keyspace.name,
      load,
      access,
      edits: [...fixedTime(call), ...functionEdits(call), ...qualifiers, ...added],
      reason:
        target.kind === 'copies' ? 'a reference table is on every shard' : `by key ${target.key.column}`,
    };
  };
}

function planSlots(
  shape: LoadShape,
  table: TableDescription,
  columns: readonly string[],
  id: IdColumn | Refused | null,
): LoadTarget | Refused {
  const key = keyOf(table);
  if ('kind' in key) {
    return key;
  }
  const field = columns.indexOf(key.column);
  const isGenerated = id !== null && !isRefused(id) && id.position === null && id.column.name === key.column;
  if (field < 0 && !isGenerated) {
    // ER_NO_DEFAULT_FOR_FIELD
    return refuse({
      errno: 1364,
      sqlState: 'HY000',
      message: `LOAD DATA gives no value to ${table.name}.${key.column}, the column that decides in which slot a row is`,
      hint: `Name ${key.column} in the list of columns, where its field is in the file`,
    });
  }
  return refuseAssigned(shape, table, key.column) ?? { kind: 'slots', key, field, only: null };
}

function planCopies(shape: LoadShape, table: TableDescription): LoadTarget | Refused {
  const other = shape.functions.find((name) => !isRepeatableFunction(name) && !SESSION_FUNCTIONS.has(name));
  return other === undefined
    ? { kind: 'copies' }
    : refuseUnsupported(
        `${other}() may give something else on each shard, and the copies of the Reference table ${table.name} would differ`,
        'Load the rows without it',
      );
}

function refuseAssigned({ assignments }: LoadShape, table: TableDescription, name: string): Refused | null {
  return assignments.some(({ column }) => column === name)
    ? refuseUnsupported(
        `LOAD DATA calculates ${table.name}.${name} by SET, and the router must know it before`,
        `Name ${name} itself in the list of columns`,
      )
    : null;
}

function refuseFormat({ format }: LoadShape): Refused | null {
  return format === 'XML'
    ? refuseUnsupported('LOAD XML into a table that several databases have', 'Use LOAD DATA')
    : null;
}

function withChosenSlot(
  call: RoutingCall,
  target: Extract<LoadTarget, { kind: 'slots' }>,
  keyspace: KeyspaceTables['keyspace'],
): LoadTarget | Refused {
  const only = call.key === null ? null : targetSlot(call.key, target.key, keyspace);
  return isRefused(only) ? only : { ...target, only };
}

function idsOf(id: IdColumn | null, target: LoadTarget, { input }: RoutingCall): LoadIds | null {
  if (id === null) {
    return null;
  }
  const { column, position } = id;
  return position === null
    ? { kind: 'generated', isKey: target.kind === 'slots' && isKeyColumn(target.key, column.name) }
    : { kind: 'inFile', column: column.name, field: position, allowsZero: input.session.keepsZeroIds };
}

function isKeyColumn(key: KeyOf, column: string): boolean {
  return key.column === column;
}

function formatOf({ statement }: RoutingCall, shape: LoadShape): FileFormat | Refused {
  const { noBackslashEscapes } = statement.dialect;
  const format = readFormat({
    statement: shape,
    literal: (index) => statement.literal(index),
    noBackslashEscapes,
  });
  return 'kind' in format
    ? refuseUnsupported(
        `LOAD DATA of a file ${format.reason} into a table that several databases have`,
        format.hint,
      )
    : format;
}

/** What changes in the statement for whatever rows: lines are passed over here, and generated ids are a field in front. */
function formEdits(shape: LoadShape, columns: readonly string[], id: IdColumn | null): readonly Edit[] {
  const { layout, layoutStart, skipped, list } = shape;
  const charset: readonly Edit[] =
    layout.charset === null
      ? [{ tokens: { first: layoutStart, end: layoutStart }, text: `CHARACTER SET ${DEFAULT_CHARSET}` }]
      : [];
  const lines: readonly Edit[] = skipped === null ? [] : [{ tokens: skipped.tokens, text: '0' }];
  if (id === null || id.position !== null) {
    return [...charset, ...lines];
  }
  const name = quote(id.column.name);
  const names = shape.columns === null ? [name, ...columns.map(quote)].join(', ') : `${name}, `;
  const text = list.inParentheses ? names : `(${names})`;
  return [...charset, ...lines, { tokens: { first: list.first, end: list.first }, text }];
}

function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

function isRefused(value: unknown): value is Refused {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'refused';
}

function firstRefusal(values: readonly unknown[]): Refused | null {
  return values.find(isRefused) ?? null;
}
