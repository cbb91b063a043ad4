import type { Dialect } from './dialect.ts';
import type { Query } from './query-shape.ts';
import { ShapeBuilder } from './shape-builder.ts';
import type { TokenCursor } from './token-cursor.ts';

/**
 * How deep expressions and queries may be nested. Each level takes a few frames of the stack, so this bounds the recursion far below its
 * end.
 */
const DEEPEST = 250;

/** Reads a query that begins at the cursor, or goes on after one in parentheses that was read; returns its index. */
export type QueryReading = (reader: Reader, nesting: Query['nesting'], begun: number | null) => number;

/** What the functions of the grammar share while they read one statement. */
export class Reader {
  readonly cursor: TokenCursor;
  readonly builder = new ShapeBuilder();
  readonly dialect: Dialect;
  /** In ON DUPLICATE KEY UPDATE, where VALUES(column) is a function. */
  valuesFunction = false;
  readonly #readQuery: QueryReading;
  #depth = 0;

  /** @param readQuery the grammar of queries; passed in, since queries and expressions contain each other. */
  constructor(cursor: TokenCursor, dialect: Dialect, readQuery: QueryReading) {
    this.cursor = cursor;
    this.dialect = dialect;
    this.#readQuery = readQuery;
  }

  /** Reads a query at the cursor and returns its index. */
  query(nesting: Query['nesting']): number {
    return this.#readQuery(this, nesting, null);
  }

  /** Goes on with a query of which the first part, in parentheses, has been read: `(SELECT 1) UNION …`. */
  restOfQuery(nesting: Query['nesting'], begun: number): number {
    return this.#readQuery(this, nesting, begun);
  }

  /** Runs what is one level deeper. */
  deeper<Result>(read: () => Result): Result {
    if (this.#depth >= DEEPEST) this.cursor.fail('nested too deep');
    this.#depth++;
    const result = read();
    this.#depth--;
    return result;
  }

  /** True when a query begins at the cursor, without parentheses in front. */
  startsQuery(): boolean {
    const symbol = this.cursor.peek();
    return symbol === 'SELECT' || symbol === 'WITH' || (symbol === 'VALUES' && !this.valuesFunction);
  }

  /** True when a parenthesis stands at the cursor in which, perhaps after more of them, a query begins. */
  startsQueryInParentheses(): boolean {
    let offset = 0;
    while (offset <= DEEPEST && this.cursor.peek(offset) === '(') offset++;
    if (offset === 0) return false;
    const symbol = this.cursor.peek(offset);
    return symbol === 'SELECT' || symbol === 'WITH' || (symbol === 'VALUES' && !this.valuesFunction);
  }

  /** Reads one or more things with commas between them. */
  list<Item>(read: () => Item): Item[] {
    const items = [read()];
    while (this.cursor.accept(',')) items.push(read());
    return items;
  }
}
