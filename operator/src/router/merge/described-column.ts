/** What the catalog knows of the columns that a SELECT names, also through derived tables. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { ColumnDescription } from '../routing/catalog.ts';
import { unionParts } from '../routing/union-parts.ts';
import type { ColumnName, Expression } from '../sql/expression.ts';
import type { Source } from '../sql/query-shape.ts';
import type { ScatterScope } from './scatter-select.ts';

/** An expression of the select list of a derived table. */
export interface DerivedExpression {
  /** The SELECT in which it means something. */
  readonly select: ScatterScope;
  readonly expression: Expression;
}

/**
 * What the catalog knows of a column of a table, or of one that a derived table takes over from a table as it is: by its type and
 * its collation the same values come out. Null for any other.
 */
export function describeColumn(select: ScatterScope, column: ColumnName): ColumnDescription | null {
  const source = sourceOf(select, column);
  if (source?.kind === 'table') {
    const columns = select.tables[source.table]?.description?.columns;
    return columns?.find(({ name }) => name === column.name) ?? null;
  }
  const inner = outputOf(select, source, column.name);
  if (inner === null) {
    return describeUnited(select, source, column.name);
  }
  return inner.expression.kind === 'column' ? describeColumn(inner.select, inner.expression.column) : null;
}

/** Types that stay what they are in a UNION of columns of the same type and collation. */
const UNITED: ReadonlySet<string> = new Set([
  'date',
  'datetime',
  'time',
  'char',
  'varchar',
  'binary',
  'varbinary',
]);

/** What a column of a UNION in FROM is, where each part has a column there: a number, or of one type and collation. */
function describeUnited(
  select: ScatterScope,
  source: Source | undefined,
  name: string,
): ColumnDescription | null {
  const query = source === undefined ? null : queryOf(select, source);
  const body = query === null ? undefined : select.shape.queries[query]?.body;
  const parts = body?.kind === 'set' ? unionParts(select.shape, body) : null;
  const scopes = (parts?.scopes ?? []).flatMap((scopeIndex) => {
    const scope = select.shape.scopes[scopeIndex];
    return scope === undefined ? [] : [{ ...select, scopeIndex, scope }];
  });
  const names = scopes[0]?.scope.items.map(({ expression, alias, aliasLiteral }) =>
    aliasLiteral === null && expression.kind === 'column'
      ? (alias?.toLowerCase() ?? expression.column.name)
      : null,
  );
  const place = names?.indexOf(name) ?? -1;
  if (place < 0 || names?.lastIndexOf(name) !== place) {
    return null;
  }
  const columns = scopes.map((part) => {
    const isPlain = part.scope.items.every(({ expression }) => expression.kind !== 'star');
    const expression = isPlain ? part.scope.items[place]?.expression : undefined;
    return expression?.kind === 'column' ? describeColumn(part, expression.column) : null;
  });
  const [first] = columns;
  if (first === undefined || first === null) {
    return null;
  }
  if (columns.every((column) => column !== null && EXACT_NUMBERS.has(column.dataType))) {
    return { ...first, dataType: 'decimal' };
  }
  const isOne = columns.every(
    (column) => column?.dataType === first.dataType && column.collation === first.collation,
  );
  return isOne && UNITED.has(first.dataType) ? first : null;
}

const EXACT_NUMBERS: ReadonlySet<string> = new Set([
  'tinyint',
  'smallint',
  'mediumint',
  'int',
  'bigint',
  'decimal',
]);

/** What the values of a column of a derived table are made from; null for a column of a table, and where that is not certain. */
export function derivedExpression(select: ScatterScope, column: ColumnName): DerivedExpression | null {
  const inner = outputOf(select, sourceOf(select, column), column.name);
  return inner?.expression.kind === 'column'
    ? derivedExpression(inner.select, inner.expression.column)
    : inner;
}

function sourceOf(select: ScatterScope, column: ColumnName): Source | undefined {
  const position = select.graph.resolver.resolve(select.scopeIndex, column);
  return position === null ? undefined : select.shape.scopes[position.scope]?.sources[position.source];
}

/** The expression for a column of a derived table, where it has but one of that name. */
function outputOf(select: ScatterScope, source: Source | undefined, name: string): DerivedExpression | null {
  const query = source === undefined ? null : queryOf(select, source);
  const body = query === null ? undefined : select.shape.queries[query]?.body;
  const scope = body?.kind === 'select' ? select.shape.scopes[body.scope] : undefined;
  if (body?.kind !== 'select' || scope === undefined) {
    return null;
  }
  const found: (Expression | null)[] = [];
  for (const { expression, alias, aliasLiteral } of scope.items) {
    if (expression.kind === 'star') {
      const sources = scope.sources.filter((inner) => (expression.table ?? inner.name) === inner.name);
      for (const inner of sources) {
        const columns = select.graph.resolver.columnsOf(inner);
        if (columns === null) {
          return null;
        }
        found.push(...columns.filter((each) => each === name).map(() => columnOf(inner, name, expression)));
      }
    } else if (aliasLiteral !== null) {
      found.push(null);
    } else if (alias?.toLowerCase() === name) {
      found.push(expression);
    } else if (alias === null && expression.kind === 'column' && expression.column.name === name) {
      found.push(expression);
    }
  }
  const [expression = null] = found;
  return expression === null || found.length > 1
    ? null
    : { select: { ...select, scopeIndex: body.scope, scope }, expression };
}

/** The query of a derived table, or of a common table expression that is looked through; null where it has other names for its columns. */
function queryOf({ graph }: ScatterScope, source: Source): number | null {
  switch (source.kind) {
    case 'derived':
      return source.renamed ? null : source.query;
    case 'commonTable':
      return graph.transparent.has(source.query) ? source.query : null;
    case 'table':
    case 'tableFunction':
      return null;
    default:
      return assertNever(source);
  }
}

function columnOf(source: Source, name: string, { tokens }: Expression): Expression {
  return { kind: 'column', column: { schema: null, table: source.name, name }, tokens };
}

const NUMBERS: ReadonlySet<string> = new Set([
  'tinyint',
  'smallint',
  'mediumint',
  'int',
  'bigint',
  'decimal',
  'double',
  'year',
]);

/** Whether an expression is certain to be a number: a column of such a type. */
export function isNumeric(select: ScatterScope, expression: Expression): boolean {
  const description = expression.kind === 'column' ? describeColumn(select, expression.column) : null;
  return description !== null && NUMBERS.has(description.dataType);
}
