import type { Dialect } from './dialect.ts';
import type { Expression } from './expression.ts';
import type { Query } from './query-shape.ts';
import { ShapeBuilder } from './shape-builder.ts';
import type { TokenCursor } from './token-cursor.ts';

/**
 * How deep expressions and queries may be nested. Each level takes a few frames of the stack, so this bounds the recursion far below its
 * end.
 */
const DEEPEST = 250;

/** The parts of the grammar that contain each other; each reads what begins at the cursor. */
export interface Grammar {
  /** Reads a query, or goes on after one in parentheses that was read (`begun`); returns its index. */
  readonly query: (reader: Reader, nesting: Query['nesting'], begun: number | null) => number;
  /** Reads an expression of operators that bind at least as tightly as `level` (see `LEVEL`). */
  readonly operation: (reader: Reader, level: number) => Expression;
  /** Reads what stands in parentheses in an expression. */
  readonly parenthesised: (reader: Reader) => Expression;
  /** Reads the operators, and their operands, that follow an operand that was read. */
  readonly rest: (reader: Reader, first: Expression, level: number) => Expression;
}

const restOfQueryWords: ReadonlySet<string> = new Set([
  'UNION',
  'EXCEPT',
  'INTERSECT',
  'ORDER',
  'LIMIT',
  'OFFSET',
  'FETCH',
]);

/** What the functions of the grammar share while they read one statement. */
export class Reader {
  readonly cursor: TokenCursor;
  readonly builder = new ShapeBuilder();
  readonly dialect: Dialect;
  /** In ON DUPLICATE KEY UPDATE, where VALUES(column) is a function. */
  valuesFunction = false;
  readonly #grammar: Grammar;
  #depth = 0;

  constructor(cursor: TokenCursor, dialect: Dialect, grammar: Grammar) {
    this.cursor = cursor;
    this.dialect = dialect;
    this.#grammar = grammar;
  }

  /** Reads a query at the cursor and returns its index. */
  query(nesting: Query['nesting']): number {
    return this.#grammar.query(this, nesting, null);
  }

  /** Goes on with a query of which the first part, in parentheses, has been read: `(SELECT 1) UNION …`. */
  restOfQuery(nesting: Query['nesting'], begun: number): number {
    return this.#grammar.query(this, nesting, begun);
  }

  /** Reads an expression. */
  expression(): Expression {
    return this.#grammar.operation(this, 1);
  }

  /** Reads an expression of operators that bind at least as tightly as `level`. */
  operation(level: number): Expression {
    return this.#grammar.operation(this, level);
  }

  /** Reads what stands in parentheses in an expression. */
  parenthesised(): Expression {
    return this.#grammar.parenthesised(this);
  }

  /** Reads the rest of an expression of which the first operand was read. */
  restOfExpression(first: Expression): Expression {
    return this.#grammar.rest(this, first, 1);
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

  /** True when what stands at the cursor goes on with a query whose first part is in parentheses. */
  continuesQuery(): boolean {
    return restOfQueryWords.has(this.cursor.peek());
  }

  /** Reads one or more things with commas between them. */
  list<Item>(read: () => Item): Item[] {
    const items = [read()];
    while (this.cursor.accept(',')) items.push(read());
    return items;
  }
}
