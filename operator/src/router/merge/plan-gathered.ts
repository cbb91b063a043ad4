/** SELECTs that cannot be put together from parts: slots give their rows, and one server answers from all of them. */
import type { Scope } from '../sql/query-shape.ts';
import { walkExpression } from '../routing/expression-walk.ts';
import type { Edit } from '../sql/rewrite.ts';
import { refuseObstacle } from './calculation-obstacles.ts';
import { GatheredStatement, limitText } from './gathered-statement.ts';
import { isMadeOfColumns } from './made-of-columns.ts';
import type { MergePlan } from './merge-plan.ts';
import { refuseSpecialLimit, withoutRows } from './plan-limit.ts';
import { refuseTemplate } from './refuse-template.ts';
import { type PlannedMerge, type ScatterScope } from './scatter-select.ts';

/** Most rows that one server sees: what it has to read in one statement. */
const MOST_ROWS = 20_000;

/** Plans it. @throws CannotMerge */
export function planGathered(select: ScatterScope): PlannedMerge {
  refuseTemplate(select);
  const { query, scope } = select;
  const statement = new GatheredStatement(select, false);
  const text = statement.write();
  const rows = [inputs(scope, statement, ''), ...withoutGroups(select)];
  const limit = query.limit?.tokens ?? { first: query.limitPlace, end: query.limitPlace };
  return {
    kind: 'merge',
    edits: [...rows, { tokens: limit, text: `LIMIT ${MOST_ROWS + 1}` }],
    plan: planOf(statement, text),
    template: [...rows, withoutRows(query)],
    named: [withoutRows(query)],
  };
}

/**
 * Plans a SELECT from nothing but the query `inner` in FROM: slots give the rows that this reads, and one server runs both.
 * @throws CannotMerge
 */
export function planGatheredFrom(outer: ScatterScope, inner: ScatterScope): PlannedMerge {
  refuseTemplate(outer);
  refuseTemplate(inner);
  refuseAround(outer);
  const statement = new GatheredStatement(inner, true);
  const { query, textOf } = outer;
  const whole = query.tokens;
  const within = inner.query.tokens;
  const end = query.limit?.tokens.first ?? whole.end;
  const text = [
    textOf({ first: whole.first, end: within.first }),
    statement.write(),
    textOf({ first: within.end, end }),
    limitText(outer),
  ].join(' ');
  const distinct = isMadeOfColumns(inner.scope) ? 'DISTINCT ' : '';
  const rows: readonly Edit[] = [
    { tokens: { first: whole.first, end: within.first }, text: '' },
    inputs(inner.scope, statement, distinct),
    ...withoutGroups(inner),
  ];
  const behind = (limit: number): Edit => ({
    tokens: { first: within.end, end: whole.end },
    // What is replaced may begin at once behind the last name.
    text: ` LIMIT ${limit}`,
  });
  return {
    kind: 'merge',
    edits: [...rows, behind(MOST_ROWS + 1)],
    plan: planOf(statement, text),
    template: [...rows, behind(0)],
    named: [withoutRows(query)],
  };
}

/** What slots are asked for. From behind SELECT on: DISTINCT is about the answer. */
function inputs(scope: Scope, { hidden }: GatheredStatement, distinct: string): Edit {
  return {
    tokens: { first: scope.tokens.first + 1, end: scope.itemTokens.end },
    text: ` ${distinct}${hidden.text.slice(2)} `,
  };
}

function planOf({ columns, hidden }: GatheredStatement, select: string): MergePlan {
  return {
    rows: { kind: 'gathered', columns, most: MOST_ROWS, select },
    hidden: hidden.count,
    offset: 0,
    limit: null,
  };
}

/** Refuses what the text around a query in FROM would mean on another server, or without the tables. */
function refuseAround(outer: ScatterScope): void {
  const { scope, query } = outer;
  const expressions = [
    ...[...scope.items, ...scope.groupBy, ...query.orderBy].map(({ expression }) => expression),
    ...[scope.where, scope.having].filter((expression) => expression !== null),
  ];
  for (const expression of expressions) {
    for (const node of walkExpression(expression)) {
      if (node.kind !== 'star') {
        refuseObstacle(outer, node);
      }
    }
  }
  refuseSpecialLimit(query.limit);
}

/** Edits that leave out GROUP BY, HAVING and ORDER BY. */
function withoutGroups({ query, scope }: ScatterScope): readonly Edit[] {
  const group = scope.groupBy[0]?.expression.tokens.first;
  const having = scope.having?.tokens.first;
  const { end } = scope.tokens;
  // In front of them stand GROUP BY and HAVING.
  const first = group !== undefined ? group - 2 : having !== undefined ? having - 1 : end;
  return [
    ...(first < end ? [{ tokens: { first, end }, text: '' }] : []),
    ...(query.orderTokens === null ? [] : [{ tokens: query.orderTokens, text: '' }]),
  ];
}
