/** SELECTs that ask other queries: each slot answers for its own rows, and what they say is put together. */
import { assertNever } from '../../runtime/assert-never.ts';
import { type AskedItem, askedItems, type AskedQuery, scopeOf } from '../routing/asked-queries.ts';
import type { Scope } from '../sql/query-shape.ts';
import { describeColumn } from './described-column.ts';
import type { GroupValue, RowColumn } from './merge-plan.ts';
import { planAskedParts } from './plan-asked-parts.ts';
import { planLimit } from './plan-limit.ts';
import { refuseScope } from './refuse-scope.ts';
import { CannotMerge, type PlannedMerge, type ScatterScope } from './scatter-select.ts';

const READ_FIRST = 'Read it in a statement of its own, with the tables in FROM';

/** Types of which the least and the greatest value can be told from the answers alone. */
const COMPARABLE: ReadonlySet<string> = new Set([
  'tinyint',
  'smallint',
  'mediumint',
  'int',
  'bigint',
  'decimal',
  'double',
  'date',
  'datetime',
  'time',
]);

/** Plans the merge of a SELECT without tables of its own. @throws CannotMerge */
export function planAsked(select: ScatterScope): PlannedMerge {
  const items = askedItems(select);
  if (items === null) {
    throw new CannotMerge('A query within the statement reads rows of all slots', READ_FIRST);
  }
  if (items.some(({ kind }) => kind === 'expression')) {
    return planAskedParts(select, items, (asked, column) => valueOf(select, asked, false, column));
  }
  const values = items.map((item, index) => itemValue(select, item, { from: 'visible', index }));
  const limit = planLimit(select.query.limit, select.values, false);
  return {
    kind: 'merge',
    edits: limit.edits,
    plan: {
      rows: {
        kind: 'group',
        by: [],
        values,
        visible: values.length,
        having: null,
        order: [],
        sorted: null,
        calculation: null,
      },
      hidden: 0,
      offset: limit.offset,
      limit: limit.limit,
    },
  };
}

function itemValue(select: ScatterScope, item: AskedItem, column: RowColumn): GroupValue {
  return item.kind === 'query'
    ? valueOf(select, item.asked, item.isNegated, column)
    : { kind: 'any', column, compared: null };
}

function valueOf(
  select: ScatterScope,
  { kind, query }: AskedQuery,
  isNegated: boolean,
  column: RowColumn,
): GroupValue {
  const asked = askedScope(select, query);
  switch (kind) {
    case 'exists':
      refuseCounted(asked, select, query);
      // There are rows where any slot has some.
      return { kind: isNegated ? 'minimum' : 'maximum', compared: { value: column, weight: null } };
    case 'value':
      refuseNoRow(select, query);
      return aggregateOf(asked, column);
    default:
      return assertNever(kind);
  }
}

function askedScope(select: ScatterScope, query: number): ScatterScope {
  const scopeIndex = scopeOf(select.shape, query);
  const scope = scopeIndex === null ? undefined : select.shape.scopes[scopeIndex];
  if (scopeIndex === null || scope === undefined) {
    throw new CannotMerge('A UNION within the select list reads rows of all slots', READ_FIRST);
  }
  refuseScope(select, scopeIndex, scope);
  return { ...select, scopeIndex, scope };
}

/** Refuses queries whether there are rows of which is not a matter of each slot alone. */
function refuseCounted({ scope }: ScatterScope, { shape }: ScatterScope, query: number): void {
  const offset = shape.queries[query]?.limit?.offset ?? null;
  if (isGrouped(scope) || offset !== null) {
    throw new CannotMerge('EXISTS of groups, or with OFFSET, over several slots', READ_FIRST);
  }
}

/** Refuses a LIMIT that leaves nothing of the one row. */
function refuseNoRow({ shape, values }: ScatterScope, query: number): void {
  const { offset, limit } = planLimit(shape.queries[query]?.limit ?? null, values, false);
  if (offset > 0 || limit === 0) {
    throw new CannotMerge(
      'A query in the select list leaves out its only row by LIMIT',
      'Leave the LIMIT out',
    );
  }
}

function isGrouped({ aggregates, groupBy, having }: Scope): boolean {
  return aggregates || groupBy.length > 0 || having !== null;
}

/** The value of a query with one aggregate. */
function aggregateOf(select: ScatterScope, column: RowColumn): GroupValue {
  const { scope } = select;
  const [item, other] = scope.items;
  const expression = item?.expression;
  const isOne = other === undefined && scope.groupBy.length === 0 && scope.having === null;
  if (!isOne || expression?.kind !== 'call' || !expression.aggregate || expression.distinct) {
    throw cannotAsk();
  }
  switch (expression.name) {
    case 'COUNT':
      return { kind: 'count', column };
    case 'SUM':
      return { kind: 'sum', column };
    case 'MIN':
    case 'MAX': {
      const [argument] = expression.arguments;
      const described = argument?.kind === 'column' ? describeColumn(select, argument.column) : null;
      if (described === null || !COMPARABLE.has(described.dataType)) {
        throw cannotAsk();
      }
      return {
        kind: expression.name === 'MIN' ? 'minimum' : 'maximum',
        compared: { value: column, weight: null },
      };
    }
    default:
      throw cannotAsk();
  }
}

function cannotAsk(): CannotMerge {
  return new CannotMerge(
    'A query in the select list reads rows of all slots, and is no COUNT, SUM, MIN or MAX of numbers and dates',
    READ_FIRST,
  );
}
