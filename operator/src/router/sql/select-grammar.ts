import { findConjuncts } from './conjuncts.ts';
import type { Expression } from './expression.ts';
import { readTables } from './from-grammar.ts';
import { readInto } from './into-grammar.ts';
import { readOrderItems } from './order-grammar.ts';
import type { Query, SelectItem } from './query-shape.ts';
import type { Reader } from './reader.ts';
import type { OpenScope } from './shape-builder.ts';
import { readWindowClause } from './window-grammar.ts';

const selectOptions: ReadonlySet<string> = new Set([
  'HIGH_PRIORITY',
  'STRAIGHT_JOIN',
  'SQL_SMALL_RESULT',
  'SQL_BIG_RESULT',
  'SQL_BUFFER_RESULT',
  'SQL_CACHE',
  'SQL_NO_CACHE',
  'SQL_CALC_FOUND_ROWS',
]);

/** Reads one SELECT up to its HAVING or WINDOW; the scope stays the one being read. */
export function readSelect(
  reader: Reader,
  parent: number | null,
): { readonly scope: OpenScope; readonly into: Query['into'] } {
  const { cursor, builder } = reader;
  const first = cursor.position;
  cursor.expect('SELECT');
  const scope = builder.openScope('select', parent, first);
  for (;;) {
    if (cursor.accept('DISTINCT') || cursor.accept('DISTINCTROW')) {
      scope.distinct = true;
    } else if (!cursor.accept('ALL')) {
      const option = cursor.acceptOneOf(selectOptions);
      if (option === null) break;
      scope.options.push(option);
    }
  }
  const list = cursor.position;
  scope.items = reader.list(() => readSelectItem(reader));
  scope.itemTokens = cursor.rangeFrom(list);
  const into = readInto(reader);
  if (cursor.accept('FROM')) readTables(reader, scope, 'read');
  readWhere(reader, scope);
  if (cursor.accept('GROUP', 'BY')) {
    scope.groupBy = readOrderItems(reader);
    scope.rollup = cursor.accept('WITH', 'ROLLUP');
  }
  if (cursor.accept('HAVING')) scope.having = reader.expression();
  readWindowClause(reader);
  scope.tokens = cursor.rangeFrom(first);
  return { scope, into };
}

/** Reads WHERE, if it is there, and adds what it says about columns. */
export function readWhere(reader: Reader, scope: OpenScope): void {
  if (!reader.cursor.accept('WHERE')) return;
  const where = reader.expression();
  scope.where = where;
  const all = scope.sources.map((_, index) => index);
  for (const conjunct of findConjuncts(where, all)) scope.conjuncts.push(conjunct);
}

/** Reads one element of a select list. */
export function readSelectItem(reader: Reader): SelectItem {
  const { cursor } = reader;
  const expression = readStar(reader) ?? reader.expression();
  if (expression.kind === 'star') return { expression, alias: null, aliasLiteral: null };
  const named = cursor.accept('AS');
  if (cursor.isLiteral()) return { expression, alias: null, aliasLiteral: cursor.literal() };
  const alias = named || cursor.isName() ? cursor.name() : null;
  return { expression, alias, aliasLiteral: null };
}

/** Reads `*`, `t.*` or `app.t.*`. */
function readStar(reader: Reader): Expression | null {
  const { cursor, builder } = reader;
  const first = cursor.position;
  if (cursor.accept('*')) return { kind: 'star', schema: null, table: null, tokens: cursor.rangeFrom(first) };
  if (!cursor.isName() || cursor.peek(1) !== '.') return null;
  if (cursor.peek(2) === '*') {
    const table = cursor.name();
    cursor.position += 2;
    return { kind: 'star', schema: null, table, tokens: cursor.rangeFrom(first) };
  }
  if (cursor.isName(2) && cursor.peek(3) === '.' && cursor.peek(4) === '*') {
    const schema = cursor.name();
    cursor.position++;
    const table = cursor.name();
    cursor.position += 2;
    builder.addQualifier(schema, first, 'star', table);
    return { kind: 'star', schema, table, tokens: cursor.rangeFrom(first) };
  }
  return null;
}
