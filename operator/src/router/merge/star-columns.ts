/** What `*` stands for in a select list, and positions in ORDER BY that count its columns. */
import type { ColumnName, Expression } from '../sql/expression.ts';
import type { OrderItem } from '../sql/query-shape.ts';
import type { Edit } from '../sql/rewrite.ts';
import { keyLiteralOf } from '../routing/key-constraint.ts';
import { quoteName } from './expression-text.ts';
import type { ScatterScope } from './scatter-select.ts';

/** ORDER BY with positions behind a `*` written as what they mean, and the edits that tell the slots the same. */
export interface NamedPositions {
  readonly orderBy: readonly OrderItem[];
  readonly edits: readonly Edit[];
}

/**
 * Writes positions that count columns of a `*` as columns, by the catalog. The slots sort by the names as well, so that an answer
 * is merged as it was sorted whatever the catalog has missed. Positions that cannot be found stay as they are.
 */
export function namePositions(select: ScatterScope): NamedPositions {
  const { orderBy } = select.query;
  if (select.scope.items.every(({ expression }) => expression.kind !== 'star')) {
    return { orderBy, edits: [] };
  }
  const edits: Edit[] = [];
  const named = orderBy.map((item): OrderItem => {
    const position = positionIn(select, item.expression);
    const selected = position === null ? null : selectedAt(select, position);
    if (selected === null) {
      return item;
    }
    edits.push({ tokens: item.expression.tokens, text: selected.text });
    return { ...item, expression: { ...selected.expression, tokens: item.expression.tokens } };
  });
  return { orderBy: named, edits };
}

/** Columns that a `*` stands for, in their order; null where that is not certain. */
export function starColumns(
  { scope, graph }: ScatterScope,
  table: string | null,
): readonly ColumnName[] | null {
  // USING has what it joins by once, and in front.
  if (table === null && (scope.joins.natural || scope.conjuncts.some(({ kind }) => kind === 'using'))) {
    return null;
  }
  const columns: ColumnName[] = [];
  for (const source of scope.sources) {
    if (table === null || source.name === table) {
      const names = graph.resolver.columnsOf(source);
      if (names === null || names.includes('')) {
        return null;
      }
      columns.push(...names.map((name) => ({ schema: null, table: source.name, name })));
    }
  }
  return columns;
}

/** Whether the columns of a `*` in the select list have that one among them. */
export function isInStar(select: ScatterScope, expression: Expression): boolean {
  const meant =
    expression.kind === 'column' ? select.graph.resolver.resolve(select.scopeIndex, expression.column) : null;
  if (expression.kind !== 'column' || meant === null || meant.scope !== select.scopeIndex) {
    return false;
  }
  const source = select.scope.sources[meant.source];
  return select.scope.items.some(
    ({ expression: item }) =>
      item.kind === 'star' &&
      source !== undefined &&
      (item.table === null || item.table === source.name) &&
      select.graph.resolver.columnsOf(source)?.includes(expression.column.name) === true,
  );
}

/** The number that an element of ORDER BY is, from 1; null where it is something else. */
function positionIn(select: ScatterScope, expression: Expression): number | null {
  if (expression.kind !== 'literal') {
    return null;
  }
  const value = keyLiteralOf(expression, { ...select.values, parameter: null });
  return value?.kind === 'number' && /^[1-9]\d{0,4}$/.test(value.text) ? Number(value.text) : null;
}

interface Selected {
  readonly expression: Expression;
  /** As a statement says it in ORDER BY. */
  readonly text: string;
}

function selectedAt(select: ScatterScope, position: number): Selected | null {
  let before = 0;
  for (const { expression, alias, aliasLiteral } of select.scope.items) {
    if (expression.kind !== 'star') {
      before += 1;
      if (before === position) {
        return aliasLiteral === null ? selectedItem(select, expression, alias) : null;
      }
      continue;
    }
    const columns = starColumns(select, expression.table);
    if (columns === null) {
      return null;
    }
    const column = columns[position - before - 1];
    if (column !== undefined) {
      return {
        expression: { kind: 'column', column, tokens: expression.tokens },
        text: `${quoteName(column.table ?? '')}.${quoteName(column.name)}`,
      };
    }
    before += columns.length;
  }
  return null;
}

/** An item by its alias, or a column by its name; null for anything else, and for an alias that a column of a `*` has too. */
function selectedItem(select: ScatterScope, expression: Expression, alias: string | null): Selected | null {
  if (alias === null) {
    return expression.kind === 'column' ? { expression, text: select.textOf(expression.tokens) } : null;
  }
  const name = alias.toLowerCase();
  const isShared = select.scope.items.some(
    ({ expression: item }) =>
      item.kind === 'star' &&
      starColumns(select, item.table)?.some((column) => column.name === name) !== false,
  );
  return isShared
    ? null
    : {
        expression: {
          kind: 'column',
          column: { schema: null, table: null, name },
          tokens: expression.tokens,
        },
        text: quoteName(alias),
      };
}
