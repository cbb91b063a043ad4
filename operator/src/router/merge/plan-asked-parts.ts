/** Expressions of other queries' values: slots answer the queries, and a server calculates from what they come to together. */
import type { AskedItem, AskedQuery } from '../routing/asked-queries.ts';
import { askedBy } from '../routing/asked-queries.ts';
import type { Expression, TokenRange } from '../sql/expression.ts';
import type { Edit } from '../sql/rewrite.ts';
import { childrenOf } from '../routing/expression-walk.ts';
import { refuseObstacle } from './calculation-obstacles.ts';
import { inputName } from './input-name.ts';
import type { CalculationInput, GroupCalculation, GroupValue, RowColumn } from './merge-plan.ts';
import { planLimit, withoutRows } from './plan-limit.ts';
import { refuseTemplate } from './refuse-template.ts';
import type { PlannedMerge, ScatterScope } from './scatter-select.ts';
import { writeAround } from './write-around.ts';

/** What the items come to. */
interface Parts {
  /** One for each of the client's columns, then those that are calculated from. */
  readonly values: readonly GroupValue[];
  readonly calculation: GroupCalculation;
  /** Leave of each item the queries in it. */
  readonly edits: readonly Edit[];
  /** How many columns slots answer with, none of which is the client's. */
  readonly columns: number;
}

/**
 * Plans the merge of a SELECT without tables of its own, of which some items are expressions. `valueOf`: how the answers to a query
 * come together. @throws CannotMerge
 */
export function planAskedParts(
  select: ScatterScope,
  items: readonly AskedItem[],
  valueOf: (asked: AskedQuery, column: RowColumn) => GroupValue,
): PlannedMerge {
  refuseTemplate(select);
  const { query, scope } = select;
  const { values, calculation, edits, columns } = partsOf(select, items, valueOf);
  const limit = planLimit(query.limit, select.values, false);
  const { end } = scope.itemTokens;
  return {
    kind: 'merge',
    edits: [...edits, ...limit.edits],
    plan: {
      rows: {
        kind: 'group',
        by: [],
        values,
        visible: items.length,
        having: null,
        order: [],
        sorted: null,
        calculation,
      },
      hidden: columns,
      offset: limit.offset,
      limit: limit.limit,
    },
    template: [...edits, { tokens: { first: end, end }, text: ', 0' }, withoutRows(query)],
    named: [withoutRows(query)],
  };
}

function partsOf(
  select: ScatterScope,
  items: readonly AskedItem[],
  valueOf: (asked: AskedQuery, column: RowColumn) => GroupValue,
): Parts {
  const values: GroupValue[] = [];
  const added: GroupValue[] = [];
  const inputs: CalculationInput[] = [];
  const calculated: { item: number; text: string }[] = [];
  const edits: Edit[] = [];
  let columns = 0;
  for (const [index, item] of items.entries()) {
    const expression = select.scope.items[index]?.expression;
    if (expression === undefined) {
      throw new RangeError(`the select list has no item ${index}`);
    }
    if (item.kind === 'constant') {
      values.push({ kind: 'any', column: { from: 'hidden', index: columns }, compared: null });
      columns += 1;
      continue;
    }
    const asked = askedBy(item);
    const names = new Map<Expression, string>();
    for (const one of asked) {
      const column: RowColumn = { from: 'hidden', index: columns };
      inputs.push({ column, value: items.length + added.length, text: null });
      added.push(valueOf(one, column));
      names.set(one.expression, inputName(column));
      columns += 1;
    }
    // NULL until it is calculated.
    values.push({ kind: 'any', column: { from: 'hidden', index: columns - 1 }, compared: null });
    calculated.push({ item: index, text: writeExpression(select, expression, names) });
    edits.push(
      ...keepOnly(
        expression.tokens,
        asked.map((one) => one.expression.tokens),
      ),
    );
  }
  return {
    values: [...values, ...added],
    calculation: { inputs, items: calculated, having: null, order: null, answered: 0 },
    edits,
    columns,
  };
}

/** The expression with columns in place of queries. */
function writeExpression(
  select: ScatterScope,
  expression: Expression,
  names: ReadonlyMap<Expression, string>,
): string {
  refuseObstacles(select, expression, names);
  return writeAround(select, expression.tokens, [...names.keys()], (part) => names.get(part) ?? '');
}

function refuseObstacles(
  select: ScatterScope,
  expression: Expression,
  names: ReadonlyMap<Expression, string>,
): void {
  if (names.has(expression)) {
    return;
  }
  refuseObstacle(select, expression);
  for (const child of childrenOf(expression)) {
    refuseObstacles(select, child, names);
  }
}

/** Edits that leave these parts of a range, with commas between them. What is within them may be edited as well. */
function keepOnly({ first, end }: TokenRange, parts: readonly TokenRange[]): readonly Edit[] {
  const edits: Edit[] = [];
  let done = first;
  for (const [index, part] of parts.entries()) {
    if (part.first > done) {
      edits.push({ tokens: { first: done, end: part.first }, text: index === 0 ? '' : ', ' });
    }
    done = part.end;
  }
  if (done < end) {
    edits.push({ tokens: { first: done, end }, text: '' });
  }
  return edits;
}
