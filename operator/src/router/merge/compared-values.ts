/** How values are compared, by what the catalog knows of their columns. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { Expression } from '../sql/expression.ts';
import type { ColumnDescription } from '../routing/catalog.ts';
import { checkComparable } from './comparable-expression.ts';
import { comparisonOf, isPadded } from './comparison.ts';
import { describeColumn } from './described-column.ts';
import { expressionText, quoteName } from './expression-text.ts';
import type { ColumnAdder } from './hidden-columns.ts';
import type { ComparedValue, RowColumn } from './merge-plan.ts';
import type { ScatterScope } from './scatter-select.ts';

/**
 * How values of an expression are compared. `visible`: its column in the answer, where it has one.
 * @throws CannotMerge where the order is the server's secret.
 */
export function comparedValue(
  select: ScatterScope,
  expression: Expression,
  visible: RowColumn | null,
  hidden: ColumnAdder,
): ComparedValue {
  const text = expressionText(select, expression);
  const description = expression.kind === 'column' ? describeColumn(select, expression.column) : null;
  return description === null
    ? comparedExpression(select, expression, text, visible, hidden)
    : comparedColumn(description, text, visible, hidden);
}

/** The same for a column of which more is known. */
export function comparedColumn(
  description: ColumnDescription,
  text: string,
  visible: RowColumn | null,
  hidden: ColumnAdder,
): ComparedValue {
  const comparison = comparisonOf(description);
  switch (comparison) {
    case 'plain':
      return { value: visible ?? hidden.add(text), weight: null };
    case 'position':
      return { value: hidden.add(`${text} + 0`), weight: null };
    case 'float':
      return { value: hidden.add(`${text} + 0e0`), weight: null };
    case 'timestamp':
      return { value: hidden.add(`UNIX_TIMESTAMP(${text})`), weight: null };
    case 'text': {
      const weight = hidden.add(`WEIGHT_STRING(${text})`);
      const space = isPadded(description) ? hidden.add(`WEIGHT_STRING(CONCAT(LEFT(${text}, 0), ' '))`) : null;
      return { value: visible ?? hidden.add(text), weight: { text: weight, space } };
    }
    default:
      return assertNever(comparison);
  }
}

/** Functions that give numbers, or dates and times, whatever they are given: they need no weights. */
const NUMBERS: ReadonlySet<string> = new Set(
  `COUNT ROW_NUMBER RANK DENSE_RANK NTILE PERCENT_RANK CUME_DIST LENGTH CHAR_LENGTH FIELD YEAR MONTH DAY HOUR DATE`.split(
    ' ',
  ),
);

function comparedExpression(
  select: ScatterScope,
  expression: Expression,
  text: string,
  visible: RowColumn | null,
  hidden: ColumnAdder,
): ComparedValue {
  checkComparable(select, expression);
  if (expression.kind === 'call' && NUMBERS.has(expression.name) && expression.schema === null) {
    return { value: visible ?? hidden.add(text), weight: null };
  }
  const grouped = `(${text})`;
  return { value: visible ?? hidden.add(grouped), weight: weightOf(grouped, hidden) };
}

/** What texts are compared by, where a value turns out to be one, in whatever collation it has. */
export function weightOf(text: string, hidden: ColumnAdder): NonNullable<ComparedValue['weight']> {
  return { text: hidden.add(`WEIGHT_STRING(${text})`), space: hidden.add(spaceText(text)) };
}

/** The weight of a space in the collation of a text; NULL where that takes spaces at the end for what they are. */
export function spaceText(text: string): string {
  const none = `LEFT(${text}, 0)`;
  return `IF(CONCAT(${none}, 'a') = CONCAT(${none}, 'a '), WEIGHT_STRING(CONCAT(${none}, ' ')), NULL)`;
}

/** A column of a table by the names of both. */
export function qualifiedName(table: string, column: string): string {
  return `${quoteName(table)}.${quoteName(column)}`;
}
