/** How values are compared, by what the catalog knows of their columns. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { Expression } from '../sql/expression.ts';
import type { ColumnDescription } from '../routing/catalog.ts';
import { columnsIn, walkExpression } from '../routing/expression-walk.ts';
import { describeColumn } from './described-column.ts';
import { expressionText, quoteName } from './expression-text.ts';
import type { ColumnAdder } from './hidden-columns.ts';
import type { ComparedValue, RowColumn } from './merge-plan.ts';
import { CannotMerge, type ScatterScope } from './scatter-select.ts';

/** How values of a type are put in order. */
type Comparison =
  /** As their text or number in the answer. */
  | 'plain'
  /** By weights. */
  | 'text'
  /** Members of a list by their position, bits as a number. */
  | 'position'
  /** In full: the text of a FLOAT has six digits. */
  | 'float'
  /** By the second: an hour is there twice when summer ends. */
  | 'timestamp';

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  ...forAll('plain', 'tinyint smallint mediumint int bigint decimal double year date datetime time'),
  ...forAll('plain', 'binary varbinary tinyblob blob mediumblob longblob'),
  ...forAll('text', 'char varchar tinytext text mediumtext longtext'),
  ...forAll('position', 'enum set bit'),
  float: 'float',
  timestamp: 'timestamp',
};

/** Collations whose weights have several levels, one after the other: filling up with spaces is not done at the end. */
const SEVERAL_LEVELS = /_as_|_cs$/;

function forAll(comparison: Comparison, types: string): Record<string, Comparison> {
  return Object.fromEntries(types.split(' ').map((type) => [type, comparison]));
}

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
      const weight = weightOf(text, checkCollation(description), hidden);
      return { value: visible ?? hidden.add(text), weight };
    }
    default:
      return assertNever(comparison);
  }
}

/** How a column is compared. @throws CannotMerge for types whose order is not known here. */
function comparisonOf({ name, dataType }: ColumnDescription): Comparison {
  const comparison = COMPARISONS[dataType];
  if (comparison === undefined) {
    throw new CannotMerge(
      `Rows of several slots are compared by the column ${name} of type ${dataType}`,
      'Compare them by a column of another type, or give the key',
    );
  }
  return comparison;
}

/** Whether texts in a column are filled up with spaces to be compared. */
function checkCollation({ name, collation }: ColumnDescription): boolean {
  if (collation === null || SEVERAL_LEVELS.test(collation)) {
    throw new CannotMerge(
      `Rows of several slots are compared by the column ${name} of collation ${collation ?? '(none)'}`,
      'Give the column a collation that ends in _bin or _ai_ci or _general_ci, or give the key',
    );
  }
  return !collation.includes('_nopad_');
}

/** Weight of a space in the collation of a text. */
function spaceOf(text: string, hidden: ColumnAdder): RowColumn {
  return hidden.add(`WEIGHT_STRING(CONCAT(LEFT(${text}, 0), ' '))`);
}

function comparedExpression(
  select: ScatterScope,
  expression: Expression,
  text: string,
  visible: RowColumn | null,
  hidden: ColumnAdder,
): ComparedValue {
  const isPadded = arePadded(paddingsOf(select, expression));
  const grouped = `(${text})`;
  return { value: visible ?? hidden.add(grouped), weight: weightOf(grouped, isPadded, hidden) };
}

/** For each text column in an expression whether its texts are filled up with spaces. @throws CannotMerge */
export function paddingsOf(select: ScatterScope, expression: Expression): readonly boolean[] {
  for (const node of walkExpression(expression)) {
    if (node.kind === 'operation' && (node.operator === 'COLLATE' || node.operator === 'BINARY')) {
      throw new CannotMerge(
        'Rows of several slots are compared by an expression with a collation of its own',
        'Give the key',
      );
    }
  }
  return columnsIn(expression).flatMap((column) => {
    const description = describeColumn(select, column);
    if (description === null) {
      throw new CannotMerge(
        `Rows of several slots are compared by ${column.name}, of which only a derived table is known`,
        'Compare rows by columns of tables, or give the key',
      );
    }
    return comparisonOf(description) === 'text' ? [checkCollation(description)] : [];
  });
}

/** Whether texts of all these columns are filled up; those of no column are. @throws CannotMerge where only some are */
export function arePadded(paddings: readonly boolean[]): boolean {
  if (new Set(paddings).size > 1) {
    throw new CannotMerge(
      'Rows of several slots are compared by texts of different collations',
      'Compare them by one column',
    );
  }
  return paddings[0] ?? true;
}

/** What texts are compared by, where a value turns out to be one. */
export function weightOf(
  text: string,
  isPadded: boolean,
  hidden: ColumnAdder,
): NonNullable<ComparedValue['weight']> {
  return { text: hidden.add(`WEIGHT_STRING(${text})`), space: isPadded ? spaceOf(text, hidden) : null };
}

/** A column of a table by the names of both. */
export function qualifiedName(table: string, column: string): string {
  return `${quoteName(table)}.${quoteName(column)}`;
}
