/** The text of a statement in which the rows that slots gave are the table. */
import { childrenOf, walkExpression } from '../routing/expression-walk.ts';
import type { Expression } from '../sql/expression.ts';
import type { OrderItem, SelectItem } from '../sql/query-shape.ts';
import { refuseObstacle } from './calculation-obstacles.ts';
import { describeColumn } from './described-column.ts';
import { expressionText, quoteName } from './expression-text.ts';
import { HiddenColumns } from './hidden-columns.ts';
import { inputName, MERGED_ROWS } from './input-name.ts';
import type { GatheredColumn } from './merge-plan.ts';
import { planLimit } from './plan-limit.ts';
import { CannotMerge, type ScatterScope } from './scatter-select.ts';
import { isSame } from './select-items.ts';
import { writeAround } from './write-around.ts';

const GIVE_KEY = 'Group by the key column as well, so that each group lies within a slot; or give the key';

/** What is written as the number of all rows from an offset on. */
const ALL_ROWS = '18446744073709551615';

/** LIMIT in numbers: what is bound to a parameter may be a text or a double, which cannot stand there. @throws CannotMerge */
export function limitText({
  query,
  values,
  textOf,
}: Pick<ScatterScope, 'query' | 'values' | 'textOf'>): string {
  if (query.limit === null) {
    return '';
  }
  if (query.limit.special) {
    return textOf(query.limit.tokens);
  }
  const { offset, limit } = planLimit(query.limit, values, false);
  return `LIMIT ${offset}, ${limit ?? ALL_ROWS}`;
}

/** Where a name stands: whether it may be an alias of the select list, and whether that comes first. */
type NamePlace = 'item' | 'group' | 'having' | 'order';

/** Writes the statement anew, with the gathered rows as its table. */
export class GatheredStatement {
  readonly hidden = new HiddenColumns();
  readonly columns: GatheredColumn[] = [];
  readonly #select: ScatterScope;
  readonly #isDerived: boolean;
  /** By the column that is meant: `i` and `t.i` are one where GROUP BY and the select list are compared. */
  readonly #names: { readonly expression: Expression; readonly name: string }[] = [];

  /** `isDerived`: it stands in FROM, where its columns are called by their names. */
  constructor(select: ScatterScope, isDerived: boolean) {
    this.#select = select;
    this.#isDerived = isDerived;
  }

  /** @throws CannotMerge */
  write(): string {
    const { scope, query } = this.#select;
    const items = scope.items.map((item) => {
      const text = this.#write(item.expression, 'item');
      const name = this.#nameOf(item);
      return name === null ? text : `${text} AS ${quoteName(checkedAlias(name))}`;
    });
    const groups = scope.groupBy.map((item) => this.#sorted(item, 'group'));
    const having = scope.having === null ? null : this.#write(scope.having, 'having');
    const order = query.orderBy.map((item) => this.#sorted(item, 'order'));
    if (this.hidden.count === 0) {
      this.columns.push({ column: this.hidden.add('1'), text: null });
    }
    return [
      `SELECT ${scope.distinct ? 'DISTINCT ' : ''}${items.join(', ')} FROM ${MERGED_ROWS}`,
      groups.length === 0 ? '' : `GROUP BY ${groups.join(', ')}${scope.rollup ? ' WITH ROLLUP' : ''}`,
      having === null ? '' : `HAVING ${having}`,
      order.length === 0 ? '' : `ORDER BY ${order.join(', ')}`,
      limitText(this.#select),
    ]
      .filter((clause) => clause !== '')
      .join(' ');
  }

  #nameOf({ expression, alias, aliasLiteral }: SelectItem): string | null {
    if (!this.#isDerived || alias !== null) {
      return alias;
    }
    if (aliasLiteral !== null) {
      throw new CannotMerge(
        'A query in FROM, over several slots, with a text for the name of a column',
        'Write the name without quotes',
      );
    }
    return expression.kind === 'column' ? expression.column.name : null;
  }

  #sorted({ expression, descending }: OrderItem, place: NamePlace): string {
    return `${this.#write(expression, place, true)}${descending ? ' DESC' : ''}`;
  }

  /** `isWhole`: it is a whole element of GROUP BY or ORDER BY. */
  #write(expression: Expression, place: NamePlace, isWhole = false): string {
    if (expression.kind === 'column') {
      return this.#isAlias(expression, place, isWhole)
        ? quoteName(expression.column.name)
        : this.#input(expression);
    }
    const isCount = expression.kind === 'call' && expression.aggregate && !expression.window;
    const children = childrenOf(expression).filter((child) => !(isCount && child.kind === 'star'));
    refuseObstacle(this.#select, expression);
    this.#refuseJson(expression);
    return writeAround(this.#select, expression.tokens, children, (child) => this.#write(child, place));
  }

  /** @throws CannotMerge where a name may be either */
  #isAlias(
    expression: Expression & { readonly kind: 'column' },
    place: NamePlace,
    isWhole: boolean,
  ): boolean {
    const { column } = expression;
    const select = this.#select;
    const items =
      column.table === null && place !== 'item'
        ? select.scope.items.filter(({ alias }) => alias?.toLowerCase() === column.name)
        : [];
    const [item, other] = items;
    if (item === undefined) {
      return false;
    }
    const isColumn = select.graph.resolver.resolve(select.scopeIndex, column) !== null;
    // Columns come first in GROUP BY, and aliases in ORDER BY.
    if (isWhole && other === undefined) {
      return place === 'order' || !isColumn;
    }
    if (other !== undefined || (isColumn && !isSame(select, item.expression, expression))) {
      throw new CannotMerge(
        `${column.name} over several slots may be an alias or a column`,
        'Use another alias, or the column with the table in front',
      );
    }
    return !isColumn;
  }

  #input(expression: Expression & { readonly kind: 'column' }): string {
    const description = describeColumn(this.#select, expression.column);
    if (description === null) {
      throw new CannotMerge(
        `Of ${expression.column.name}, of which rows of several slots are needed, only a derived table is known`,
        'Use columns of tables, or give the key',
      );
    }
    if (this.#isDerived && description.dataType === 'year') {
      throw new CannotMerge(
        `${expression.column.name} of type YEAR in a query in FROM, over several slots: compared with 1, it is 2001`,
        'Read the query on its own first, or give the key in it',
      );
    }
    const known = this.#names.find((each) => isSame(this.#select, each.expression, expression));
    if (known !== undefined) {
      return known.name;
    }
    const text = expressionText(this.#select, expression);
    const column = this.hidden.add(text);
    this.columns.push({
      column,
      text:
        description.collation === null
          ? null
          : {
              bytes: this.hidden.add(`CAST(${text} AS BINARY)`),
              charset: this.hidden.add(`CHARSET(${text})`),
            },
    });
    const name = inputName(column);
    this.#names.push({ expression, name });
    return name;
  }

  /** A column that is JSON is LONGTEXT, and only the server knows which of both it is. */
  #refuseJson(expression: Expression): void {
    if (expression.kind !== 'call' || !expression.name.startsWith('JSON_')) {
      return;
    }
    const isLong = [...walkExpression(expression)].some(
      (child) =>
        child.kind === 'column' && describeColumn(this.#select, child.column)?.dataType === 'longtext',
    );
    if (isLong) {
      throw new CannotMerge(
        `${expression.name}() of a column of type JSON or LONGTEXT over several slots`,
        GIVE_KEY,
      );
    }
  }
}

/** @throws CannotMerge for an alias that is the name of a column of the gathered rows */
function checkedAlias(alias: string): string {
  if (/^h\d+$/i.test(alias)) {
    throw new CannotMerge(`The alias ${alias} over several slots`, 'Use another alias');
  }
  return alias;
}
