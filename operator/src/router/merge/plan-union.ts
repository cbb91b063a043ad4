/** UNION of SELECTs that several slots answer: each slot runs all of it for its rows. */
import type { Scope } from '../sql/query-shape.ts';
import type { Edit } from '../sql/rewrite.ts';
import { type UnionGroup, unionParts } from '../routing/union-parts.ts';
import { HiddenColumns } from './hidden-columns.ts';
import type { MergeOrder, RowMerge } from './merge-plan.ts';
import { planLimit } from './plan-limit.ts';
import { refuseScope } from './refuse-scope.ts';
import { CannotMerge, type PlannedMerge, type ScatterScope, type ScatterSelect } from './scatter-select.ts';
import { UnionColumns } from './union-columns.ts';
import { isWithinSlots } from './within-slots.ts';

/** Name of the derived table that a UNION becomes where slots are asked for more columns than it has. */
const DERIVED = '`shardwright_union`';

/** Name of the column that tells which rows count once: see `among`. */
const GROUP = '`shardwright_group`';

/** Plans the merge of a UNION. @throws CannotMerge */
export function planUnion(select: ScatterSelect): PlannedMerge {
  const { query } = select;
  const parts = unionParts(select.shape, query.body);
  if (parts === null) {
    throw new CannotMerge(
      'EXCEPT, INTERSECT, VALUES, or a part of a UNION with a LIMIT of its own, over several slots',
      'Use UNION or UNION ALL of plain SELECTs, or several statements; or give the key',
    );
  }
  const { groups } = parts;
  const scopes = groups.flatMap((group) =>
    group.scopes.map((scope) => partScope(select, scope, group.isDistinct)),
  );
  const hidden = new HiddenColumns();
  // The first of what is added: it stands in the parts themselves.
  const among = groups.length > 1 && groups.some(({ isDistinct }) => isDistinct) ? hidden.add(GROUP) : null;
  const columns = new UnionColumns(scopes, DERIVED, hidden);
  const positions = query.orderBy.map(({ expression }) => columns.positionOf(expression));
  const by = query.orderBy.map(({ descending }, index): MergeOrder => {
    return { ...columns.compared(positions[index] ?? 0), descending };
  });
  const isDistinct = parts.isDistinct || among !== null;
  const rows: RowMerge = isDistinct
    ? { kind: 'distinct', values: columns.all(), by, ...(among === null ? {} : { among }) }
    : by.length === 0
      ? { kind: 'concatenate' }
      : { kind: 'order', by };
  const limit = planLimit(query.limit, select.values, true);
  const plan = { rows, hidden: hidden.count, offset: limit.offset, limit: limit.limit };
  const numbers = among === null ? [] : groupNumbers(select, groups);
  if (hidden.count === (among === null ? 0 : 1)) {
    return { kind: 'merge', edits: [...numbers, ...limit.edits], plan };
  }
  const order = query.orderBy.map(
    ({ descending }, index) => `${(positions[index] ?? 0) + 1}${descending ? ' DESC' : ''}`,
  );
  const tail = [order.length === 0 ? '' : `ORDER BY ${order.join(', ')}`, ...limit.edits.map(textOf)];
  return {
    kind: 'merge',
    edits: [
      ...numbers,
      ...asDerived(
        select,
        `SELECT ${DERIVED}.*${hidden.text.replace(`, ${GROUP}`, '')} FROM (`,
        tail.join(' '),
      ),
    ],
    plan: { ...plan, tableless: true },
  };
}

/** Edits that add to each part the number of its group, 0 where rows count each. */
function groupNumbers({ shape }: ScatterSelect, groups: readonly UnionGroup[]): readonly Edit[] {
  return groups.flatMap(({ scopes, isDistinct }, index) =>
    scopes.flatMap((scope) => {
      const end = shape.scopes[scope]?.itemTokens.end;
      return end === undefined
        ? []
        : [{ tokens: { first: end, end }, text: `, ${isDistinct ? index + 1 : 0} AS ${GROUP}` }];
    }),
  );
}

function textOf(edit: Edit): string {
  return 'text' in edit ? edit.text : '';
}

/** The edits that make a derived table of the query, with this in front of it, and this behind it in place of its ORDER BY and LIMIT. */
function asDerived({ query }: ScatterSelect, head: string, tail: string): readonly Edit[] {
  if (query.lock !== null) {
    throw new CannotMerge(
      'A UNION over several slots that locks rows, and compares texts',
      'Lock the rows in statements of their own',
    );
  }
  const { first, end } = query.tokens;
  return [
    { tokens: { first, end: first }, text: head },
    ...(query.orderTokens === null ? [] : [{ tokens: query.orderTokens, text: '' }]),
    ...(query.limit === null ? [] : [{ tokens: query.limit.tokens, text: '' }]),
    { tokens: { first: end, end }, text: `) AS ${DERIVED} ${tail}` },
  ];
}

/** `isDistinct`: rows that a slot gives more than once count once anyway. */
function partScope(select: ScatterSelect, scopeIndex: number, isDistinct: boolean): ScatterScope {
  const scope = select.shape.scopes[scopeIndex];
  if (scope === undefined) {
    throw new RangeError(`the statement has no scope ${scopeIndex}`);
  }
  refuseScope(select, scopeIndex, scope);
  if (scope.options.includes('SQL_CALC_FOUND_ROWS')) {
    throw new CannotMerge(
      'SQL_CALC_FOUND_ROWS of a UNION over several slots',
      'Use a second statement with COUNT(*) for each part',
    );
  }
  if (!isLocal(select, scopeIndex, scope, isDistinct)) {
    throw new CannotMerge(
      'A part of a UNION with groups or DISTINCT over several slots',
      'Have the key among the groups, or in the select list; or use several statements, or give the key',
    );
  }
  return { ...select, scopeIndex, scope };
}

/** Whether a part's groups, or its distinct rows, each lie within a slot. */
function isLocal(
  select: ScatterSelect,
  scopeIndex: number,
  { aggregates, groupBy, distinct, items }: Scope,
  isDistinct: boolean,
): boolean {
  const isGrouped = aggregates || groupBy.length > 0;
  const groups = groupBy.map(({ expression }) => expression);
  const selected = items.map(({ expression }) => expression);
  return (
    (!isGrouped || isWithinSlots(select, scopeIndex, groups)) &&
    (!distinct || isDistinct || isWithinSlots(select, scopeIndex, selected))
  );
}
