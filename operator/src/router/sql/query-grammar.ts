import { readInto } from './into-grammar.ts';
import { readLimit, readOrderBy } from './order-grammar.ts';
import type { Query, QueryBody } from './query-shape.ts';
import type { Reader } from './reader.ts';
import { readSelect } from './select-grammar.ts';

/** How many SELECTs can be combined: it bounds how deep the result is. */
const LONGEST_UNION = 250;

/** How many queries WITH can name, so that finding one takes little time. */
const MOST_COMMON_TABLES = 250;
const additive: ReadonlySet<string> = new Set(['UNION', 'EXCEPT']);

/** What is known of a query's parts while it is read. */
interface QueryPlace {
  /** The scope whose columns the SELECTs can use. */
  readonly parent: number | null;
  into: Query['into'];
  parts: number;
}

/**
 * Reads a query with its WITH, ORDER BY, LIMIT, INTO and locks and returns its index. With `begun` its first part, a query in parentheses with
 * that index, has been read.
 */
export function readQuery(reader: Reader, nesting: Query['nesting'], begun: number | null): number {
  return reader.deeper(() => {
    const { cursor, builder } = reader;
    const outer = builder.scope;
    const visible = builder.commonTables;
    const index = builder.reserveQuery();
    const first = begun === null ? cursor.position : builder.query(begun).tokens.first;
    const commonTables = readCommonTables(reader);
    const inside = nesting === 'expression' || nesting === 'parenthesised' ? outer?.index : null;
    const place: QueryPlace = { parent: inside ?? null, into: null, parts: 0 };
    const body = readBody(reader, place, begun);
    builder.scope = body.kind === 'select' ? builder.scopeAt(body.scope) : outer;
    const order = cursor.position;
    const orderBy = readOrderBy(reader);
    const orderTokens = orderBy.length === 0 ? null : cursor.rangeFrom(order);
    const limitPlace = cursor.position;
    const limit = readLimit(reader);
    let into = place.into ?? readInto(reader);
    const lock = readLock(reader);
    into ??= readInto(reader);
    builder.setQuery(index, {
      body,
      nesting,
      scope: outer?.index ?? null,
      commonTables,
      orderBy,
      orderTokens,
      limit,
      limitPlace,
      lock,
      into,
      tokens: cursor.rangeFrom(first),
    });
    builder.scope = outer;
    builder.commonTables = visible;
    return index;
  });
}

/** Reads WITH and makes its tables visible. */
function readCommonTables(reader: Reader): Query['commonTables'] {
  const { cursor, builder } = reader;
  if (!cursor.accept('WITH')) return [];
  const recursive = cursor.accept('RECURSIVE');
  const mentioned = builder.tables.length;
  const commonTables = reader.list(() => {
    if (builder.commonTables.length >= MOST_COMMON_TABLES) cursor.fail('too many queries in WITH');
    const name = cursor.name();
    if (cursor.accept('(')) {
      reader.list(() => cursor.name());
      cursor.expect(')');
    }
    cursor.expect('AS', '(');
    const query = readCommonTable(reader, recursive ? name : null);
    cursor.expect(')');
    if (cursor.accept('CYCLE')) {
      reader.list(() => cursor.name());
      cursor.expect('RESTRICT');
    }
    builder.commonTables = [...builder.commonTables, { name, query }];
    return { name, query, recursive };
  });
  const names = new Set(commonTables.map((table) => table.name.toLowerCase()));
  const later = builder.tables
    .slice(mentioned)
    .some((table) => table.schema === null && names.has(table.name.toLowerCase()));
  // Queries that refer to each other: a name that was taken for a table may mean one of them.
  if (recursive && later) cursor.fail('queries of WITH RECURSIVE that refer to each other');
  return commonTables;
}

/** Reads the query of one WITH element, in which its own name can be used if it is recursive. */
function readCommonTable(reader: Reader, ownName: string | null): number {
  const { builder } = reader;
  const outside = builder.commonTables;
  // The query takes the next index.
  if (ownName !== null) {
    builder.commonTables = [...outside, { name: ownName, query: builder.nextQuery }];
  }
  const query = reader.query('commonTable');
  builder.commonTables = outside;
  return query;
}

function readBody(reader: Reader, place: QueryPlace, begun: number | null): QueryBody {
  let left = readIntersection(reader, place, begun);
  for (;;) {
    const operator = reader.cursor.acceptOneOf(additive);
    if (operator === null) return left;
    const all = readAll(reader);
    const right = readIntersection(reader, place, null);
    left = { kind: 'set', operator: operator === 'UNION' ? 'UNION' : 'EXCEPT', all, left, right };
  }
}

function readIntersection(reader: Reader, place: QueryPlace, begun: number | null): QueryBody {
  let left = readTerm(reader, place, begun);
  while (reader.cursor.accept('INTERSECT')) {
    const all = readAll(reader);
    left = { kind: 'set', operator: 'INTERSECT', all, left, right: readTerm(reader, place, null) };
  }
  return left;
}

function readAll(reader: Reader): boolean {
  const all = reader.cursor.accept('ALL');
  if (!all) reader.cursor.accept('DISTINCT');
  return all;
}

function readTerm(reader: Reader, place: QueryPlace, begun: number | null): QueryBody {
  const { cursor } = reader;
  if (begun !== null) return { kind: 'query', query: begun };
  if (++place.parts > LONGEST_UNION) cursor.fail('too many SELECTs in one query');
  if (cursor.at('(')) {
    cursor.expect('(');
    const scope = reader.builder.scope;
    reader.builder.scope = place.parent === null ? null : reader.builder.scopeAt(place.parent);
    const query = reader.query('parenthesised');
    reader.builder.scope = scope;
    cursor.expect(')');
    return { kind: 'query', query };
  }
  if (cursor.at('VALUES')) {
    cursor.expect('VALUES');
    const rows = reader.list(() => {
      cursor.expect('(');
      const row = reader.list(() => reader.expression());
      cursor.expect(')');
      return row;
    });
    return { kind: 'values', rows };
  }
  const { scope, into } = readSelect(reader, place.parent);
  place.into ??= into;
  return { kind: 'select', scope: scope.index };
}

/** Reads FOR UPDATE and LOCK IN SHARE MODE. */
function readLock(reader: Reader): Query['lock'] {
  const { cursor } = reader;
  let lock: Query['lock'];
  if (cursor.accept('FOR', 'UPDATE')) lock = 'update';
  else if (cursor.accept('LOCK', 'IN', 'SHARE', 'MODE')) lock = 'share';
  else return null;
  if (cursor.accept('WAIT')) cursor.literal();
  else if (!cursor.accept('NOWAIT')) cursor.accept('SKIP', 'LOCKED');
  return lock;
}
