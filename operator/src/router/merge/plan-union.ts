/** UNION ALL of SELECTs that several slots answer: each slot runs all of it for its rows. */
import type { QueryBody, Scope } from '../sql/query-shape.ts';
import { describeColumn } from './described-column.ts';
import type { MergeOrder } from './merge-plan.ts';
import { planLimit } from './plan-limit.ts';
import { refuseScope } from './refuse-scope.ts';
import { CannotMerge, type PlannedMerge, type ScatterScope, type ScatterSelect } from './scatter-select.ts';
import { orderedExpression } from './select-items.ts';

/** Types that are in order as the answer has them, whatever the column. */
const SORTABLE: ReadonlySet<string> = new Set([
  'tinyint',
  'smallint',
  'mediumint',
  'int',
  'bigint',
  'decimal',
  'double',
  'date',
  'datetime',
]);

/** Plans the merge of a UNION ALL. @throws CannotMerge */
export function planUnion(select: ScatterSelect, branches: readonly QueryBody[]): PlannedMerge {
  const scopes = branches.map((branch) => branchScope(select, branch));
  const by = select.query.orderBy.map(({ expression, descending }): MergeOrder => {
    const [first] = scopes;
    const item = first === undefined ? null : (orderedExpression(first, expression)?.item ?? null);
    if (item === null || !scopes.every((scope) => isSortable(scope, item))) {
      throw new CannotMerge(
        'UNION ALL over several slots is sorted by what is no number and no date of a table in each of its parts',
        'Sort by such a column of the first select list, or in the application',
      );
    }
    return { value: { from: 'visible', index: item }, weight: null, descending };
  });
  const limit = planLimit(select.query.limit, select.values, true);
  return {
    kind: 'merge',
    edits: limit.edits,
    plan: {
      rows: by.length === 0 ? { kind: 'concatenate' } : { kind: 'order', by },
      hidden: 0,
      offset: limit.offset,
      limit: limit.limit,
    },
  };
}

function branchScope(select: ScatterSelect, branch: QueryBody): ScatterScope {
  const inner = branch.kind === 'query' ? select.shape.queries[branch.query] : undefined;
  const body = inner?.body ?? branch;
  if (body.kind !== 'select' || (inner !== undefined && (inner.limit !== null || inner.orderBy.length > 0))) {
    throw new CannotMerge(
      'UNION, EXCEPT, INTERSECT or a part with a LIMIT of its own over several slots',
      'Use UNION ALL of plain SELECTs, or several statements; or give the key',
    );
  }
  const scope = select.shape.scopes[body.scope];
  if (scope === undefined) {
    throw new RangeError(`the statement has no scope ${body.scope}`);
  }
  refuseScope(scope);
  refusePart(scope);
  return { ...select, scopeIndex: body.scope, scope };
}

function refusePart({ aggregates, groupBy, distinct }: Scope): void {
  if (aggregates || groupBy.length > 0 || distinct) {
    throw new CannotMerge(
      'A part of UNION ALL with groups or DISTINCT over several slots',
      'Use several statements; or give the key',
    );
  }
}

function isSortable(scope: ScatterScope, item: number): boolean {
  const expression = scope.scope.items[item]?.expression;
  const isAfterStar = scope.scope.items.slice(0, item + 1).some((other) => other.expression.kind === 'star');
  const description =
    expression?.kind === 'column' && !isAfterStar ? describeColumn(scope, expression.column) : null;
  return description !== null && SORTABLE.has(description.dataType);
}
