/** Tokens `first` up to, not including, `end`, by their index in the statement. The same for all statements with one digest. */
export interface TokenRange {
  readonly first: number;
  readonly end: number;
}

/** A column as a statement names it. `name` is in lower case (column names have no case), the others are as written. */
export interface ColumnName {
  readonly schema: string | null;
  /** The table's name or alias in front of the column. */
  readonly table: string | null;
  readonly name: string;
}

/**
 * An expression, as far as routing and merging need it. Every token of it is in `tokens`; nothing was skipped: a
 * subquery anywhere inside is a `subquery` node.
 */
export type Expression = { readonly tokens: TokenRange } & ExpressionNode;

/** What an expression is, without its position. */
export type ExpressionNode =
  | LiteralNode
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** The word DEFAULT where a value is expected. */
  | { readonly kind: 'default' }
  | { readonly kind: 'column'; readonly column: ColumnName }
  /** `*`, `t.*` or `app.t.*`: in a select list and in COUNT(*) only. */
  | { readonly kind: 'star'; readonly schema: string | null; readonly table: string | null }
  | { readonly kind: 'userVariable'; readonly name: string }
  | {
      readonly kind: 'systemVariable';
      readonly scope: 'global' | 'session' | null;
      /** Lower case; `default.key_buffer_size` for a component of a structured variable. */
      readonly name: string;
    }
  | CallNode
  /**
   * An operator over its operands. `operator` is in upper case: `AND OR XOR NOT = <=> <> < <= > >= IN`, `NOT IN`,
   * `BETWEEN`, `NOT BETWEEN`, `LIKE`, `NOT LIKE`, `REGEXP`, `NOT REGEXP`, `IS NULL`, `IS NOT NULL`, `IS TRUE` …, `+ - * / % DIV MOD | & ^ << >> ~ !`, `NEGATE`,
   * `||` (only where it concatenates), `COLLATE`, `CASE`, `INTERVAL`, `:=`, `EXISTS`, `ANY`, `ALL`, `MATCH`, `BINARY`, `SOUNDS LIKE`,
   * `TYPED` (DATE '…' and the like), `CONCATENATION` (adjacent string literals).
   * `IN` over a list has the tested operand first, then the elements.
   */
  | { readonly kind: 'operation'; readonly operator: string; readonly operands: readonly Expression[] }
  /** `(a, b)` or `ROW(a, b)`. */
  | { readonly kind: 'row'; readonly items: readonly Expression[] }
  /** A query in parentheses; `query` is an index into the statement's `queries`. */
  | { readonly kind: 'subquery'; readonly query: number };

/** A constant by its position among the statement's literals, so that a cached shape serves all values. */
export interface LiteralNode {
  readonly kind: 'literal';
  /** Index into the statement's literals. */
  readonly literal: number;
  /** A minus sign stands in front of it. Only numbers have a meaning then: with any other kind, take it as no constant. */
  readonly negative: boolean;
  /** The character set named in front of it, in lower case and without `_`: `binary` for `_binary'…'`. */
  readonly introducer: string | null;
}

/** A call of a function, built in or stored. */
export interface CallNode {
  readonly kind: 'call';
  readonly schema: string | null;
  /** Upper case. */
  readonly name: string;
  readonly arguments: readonly Expression[];
  /** One of the aggregates (COUNT, SUM, …) by name, also when used as a window function. */
  readonly aggregate: boolean;
  /** DISTINCT stands in front of the arguments. */
  readonly distinct: boolean;
  /** Followed by OVER. */
  readonly window: boolean;
  /** ORDER BY, SEPARATOR or LIMIT inside (GROUP_CONCAT, JSON_ARRAYAGG), or WITHIN GROUP. */
  readonly ordered: boolean;
  /** What the ORDER BY inside, or that of WITHIN GROUP, sorts by. */
  readonly orderBy: readonly Expression[];
}
