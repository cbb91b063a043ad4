/** Plans of SELECTs that several slots answer. */
import type { Query, Scope } from '../sql/query-shape.ts';
import type { Edit } from '../sql/rewrite.ts';
import type { Refused } from '../routing/refusal.ts';
import { HiddenColumns } from './hidden-columns.ts';
import type { MergePlan, RowMerge } from './merge-plan.ts';
import { planAsked } from './plan-asked.ts';
import { planGathered, planGatheredFrom } from './plan-gathered.ts';
import { planGroups } from './plan-groups.ts';
import { planLimit, type PlannedLimit, withoutRows } from './plan-limit.ts';
import { planRows } from './plan-rows.ts';
import { planUnion } from './plan-union.ts';
import { refuseScope } from './refuse-scope.ts';
import { refuseTemplate } from './refuse-template.ts';
import {
  CannotMerge,
  NeedsRows,
  type PlannedMerge,
  type ScatterScope,
  type ScatterSelect,
} from './scatter-select.ts';
import { namePositions } from './star-columns.ts';
import { isWithinSlots } from './within-slots.ts';

/** Plans how several slots are asked and their answers merged, or refuses what would come out wrong. */
export function planScatterSelect(select: ScatterSelect): PlannedMerge | Refused {
  try {
    const query = outermostQuery(select);
    refuseInto(query);
    return query.body.kind === 'select'
      ? planScope({ ...select, query }, query.body.scope)
      : planUnion({ ...select, query });
  } catch (error) {
    if (error instanceof CannotMerge) {
      return error.refused;
    }
    throw error;
  }
}

/** A query that is nothing but another one in parentheses. */
function outermostQuery({ query, shape }: ScatterSelect): Query {
  let outermost = query;
  while (outermost.body.kind === 'query' && outermost.orderBy.length === 0 && outermost.limit === null) {
    const inner = shape.queries[outermost.body.query];
    if (inner === undefined) {
      return outermost;
    }
    refuseInto(outermost);
    outermost = inner;
  }
  return outermost;
}

function refuseInto({ into }: Query): void {
  if (into !== null) {
    throw new CannotMerge(
      'SELECT … INTO of several slots',
      'Read the rows and store them in the application, or give the key',
    );
  }
}

/** Merges what can be merged. Otherwise one server sees all rows. */
function planScope(select: ScatterSelect, scopeIndex: number): PlannedMerge {
  const scope = select.shape.scopes[scopeIndex];
  if (scope === undefined) {
    throw new RangeError(`the statement has no scope ${scopeIndex}`);
  }
  const inner = select.gathered === null ? undefined : select.shape.queries[select.gathered];
  const innerScope = inner?.body.kind === 'select' ? select.shape.scopes[inner.body.scope] : undefined;
  if (inner !== undefined && innerScope !== undefined) {
    return planGatheredFrom(
      { ...select, scopeIndex, scope },
      { ...select, query: inner, scopeIndex: innerScope.index, scope: innerScope },
    );
  }
  try {
    return planMergedScope(select, scopeIndex, scope);
  } catch (error) {
    if (error instanceof NeedsRows) {
      return planGathered({ ...select, scopeIndex, scope });
    }
    throw error;
  }
}

function planMergedScope(select: ScatterSelect, scopeIndex: number, scope: Scope): PlannedMerge {
  refuseScope(select, scopeIndex, scope);
  if (scope.sources.length === 0) {
    return planAsked({ ...select, scopeIndex, scope });
  }
  const hidden = new HiddenColumns();
  const isGrouped = scope.aggregates || scope.groupBy.length > 0;
  const grouping = scope.groupBy.map(({ expression }) => expression);
  const isLocal = !isGrouped || isWithinSlots(select, scopeIndex, grouping);
  const selected = scope.items.map(({ expression }) => expression);
  const written: ScatterScope = { ...select, scopeIndex, scope };
  const named = isLocal ? namePositions(written) : { orderBy: written.query.orderBy, edits: [] };
  const full =
    named.edits.length === 0 ? written : { ...written, query: { ...written.query, orderBy: named.orderBy } };
  const isDistinct = scope.distinct && !isWithinSlots(select, scopeIndex, selected);
  if (!isLocal) {
    return planGroupedScope(full);
  }
  const rows: RowMerge = planRows(full, hidden, isDistinct);
  const limit = planLimit(select.query.limit, select.values, !isCounted(scope) && !hasDistinctTexts(rows));
  const { end } = scope.itemTokens;
  const added: readonly Edit[] =
    hidden.count === 0 ? [] : [{ tokens: { first: end, end }, text: hidden.text }];
  return {
    kind: 'merge',
    edits: [...added, ...named.edits, ...limit.edits],
    plan: { rows, hidden: hidden.count, ...windowOf(scope, limit) },
  };
}

function planGroupedScope(select: ScatterScope): PlannedMerge {
  const { scope, query } = select;
  const { rows, hidden, edits, spared } = planGroups(select);
  const limit = planLimit(query.limit, select.values, false);
  const { end } = scope.itemTokens;
  const added = (text: string): readonly Edit[] =>
    text === '' ? [] : [{ tokens: { first: end, end }, text }];
  const merge: PlannedMerge = {
    kind: 'merge',
    // What spares slots the last item ends where columns are added, and comes first.
    edits: [...spared, ...added(hidden.text), ...edits, ...limit.edits],
    plan: { rows, hidden: hidden.count, ...windowOf(scope, limit) },
  };
  if (rows.calculation === null) {
    return merge;
  }
  refuseTemplate(select);
  return { ...merge, template: [...added(`${hidden.text}, 0`), ...edits, withoutRows(query)] };
}

function isCounted({ options }: Scope): boolean {
  return options.includes('SQL_CALC_FOUND_ROWS');
}

/** Which of the merged rows the client gets. */
function windowOf(
  scope: Scope,
  { offset, limit }: PlannedLimit,
): Pick<MergePlan, 'offset' | 'limit' | 'counted'> {
  return isCounted(scope) ? { offset: 0, limit: null, counted: { offset, limit } } : { offset, limit };
}

/** Texts that differ in spaces at the end have other weights: what is one row may be several of a slot. */
function hasDistinctTexts(rows: RowMerge): boolean {
  return rows.kind === 'distinct' && rows.values.some(({ weight }) => weight !== null);
}
