import type { ColumnName, Expression, TokenRange } from './expression.ts';

/**
 * One mention of a table, wherever in the statement. Names are as written: table names have case. A name that means a
 * common table expression is not listed.
 */
export interface TableReference {
  readonly schema: string | null;
  readonly name: string;
  readonly alias: string | null;
  /** The tokens of the name with its qualifier, without the alias. */
  readonly tokens: TokenRange;
  /** `write` for what is inserted into, changed, deleted from, defined or locked for writing. */
  readonly access: 'read' | 'write';
  /** Index of the scope whose FROM (or target) it is; null outside of any, as in DDL and LOCK TABLES. */
  readonly scope: number | null;
}

/** A schema's name written in front of something, so that it can be replaced. */
export interface SchemaQualifier {
  readonly schema: string;
  /** The schema's name and the dot after it. */
  readonly tokens: TokenRange;
  /** What the name after the dot is. */
  readonly of: 'table' | 'column' | 'routine' | 'star' | 'object';
  /** The name after the dot: a table's (for `column` and `star` too) or a routine's. */
  readonly name: string;
}

/** What a scope reads rows from, in the order of the text. */
export type Source =
  | {
      readonly kind: 'table';
      /** Index into the statement's `tables`. */ readonly table: number;
      readonly name: string;
    }
  /**
   * `(SELECT …) AS name`: `query` is an index into the statement's `queries`. `renamed`: names for its columns stand behind, which
   * are not kept.
   */
  | { readonly kind: 'derived'; readonly query: number; readonly name: string; readonly renamed: boolean }
  /** A mention of a common table expression. */
  | { readonly kind: 'commonTable'; readonly query: number; readonly name: string }
  /** JSON_TABLE(…) */
  | { readonly kind: 'tableFunction'; readonly name: string };

/**
 * A condition that holds for every row that gets through the scope's WHERE, HAVING excluded. Conditions under OR or NOT are
 * not here. What a condition on columns proves holds only for the sources in `binds`: the ON of an outer join restricts
 * the rows of its inner side, not those of the side that is kept.
 */
export type Conjunct = {
  /** Indexes into the scope's `sources`. */ readonly binds: readonly number[];
} & ConjunctNode;

/** What a condition is, without what it binds. Values may be any expression: a `literal` node is a constant. */
export type ConjunctNode =
  | {
      readonly kind: 'equal';
      readonly column: ColumnName;
      readonly value: Expression;
      /** `<=>` */
      readonly nullSafe: boolean;
    }
  | {
      readonly kind: 'columnsEqual';
      readonly left: ColumnName;
      readonly right: ColumnName;
      readonly nullSafe: boolean;
    }
  | {
      readonly kind: 'in';
      readonly column: ColumnName;
      readonly values: readonly Expression[];
      /**
       * The list to be split, one range for each value (the whole row where it is a list of rows). Null where the list
       * was written with OR.
       */
      readonly elements: readonly TokenRange[] | null;
    }
  /** `column IN (SELECT …)` where the query has one column; `negated`: NOT IN. */
  | {
      readonly kind: 'inQuery';
      readonly column: ColumnName;
      readonly query: number;
      readonly negated: boolean;
    }
  | {
      readonly kind: 'range';
      readonly column: ColumnName;
      readonly low: { readonly value: Expression; readonly inclusive: boolean } | null;
      readonly high: { readonly value: Expression; readonly inclusive: boolean } | null;
    }
  /** JOIN … USING: the column of that name on both sides is equal. Sources by index. */
  | {
      readonly kind: 'using';
      readonly column: string;
      readonly left: readonly number[];
      readonly right: readonly number[];
    };

/** One element of a select list (or of RETURNING). */
export interface SelectItem {
  readonly expression: Expression;
  /** As written; null where there is none or where it is a string (`aliasLiteral`). */
  readonly alias: string | null;
  /** Index of the literal that is the alias: `SELECT a 'x'`. */
  readonly aliasLiteral: number | null;
}

/** One element of ORDER BY or GROUP BY. */
export interface OrderItem {
  readonly expression: Expression;
  readonly descending: boolean;
}

/** LIMIT of a query. Values are literal nodes, or something else where it is no constant (a stored program's variable). */
export interface Limit {
  /** From LIMIT or FETCH up to the last token of the clause. */
  readonly tokens: TokenRange;
  readonly offset: Expression | null;
  /** Null for OFFSET without a count, and for LIMIT ROWS EXAMINED alone. */
  readonly count: Expression | null;
  /** ROWS EXAMINED or WITH TIES is in it: not to be replaced. */
  readonly special: boolean;
}

/** One SELECT (between its word SELECT and its HAVING or WINDOW), or the tables and WHERE of an UPDATE or DELETE. */
export interface Scope {
  /** Its place among the statement's `scopes`. */
  readonly index: number;
  readonly kind: 'select' | 'update' | 'delete';
  /** The scope around this one if its columns can be used here; null for the outermost, and for queries in FROM and WITH. */
  readonly parent: number | null;
  readonly sources: readonly Source[];
  /**
   * Whether an outer join, or a NATURAL join, is among the joins. `optional`: sources, by index, of which a row may be missing, and its
   * columns are NULL then.
   */
  readonly joins: {
    readonly outer: boolean;
    readonly natural: boolean;
    readonly optional: readonly number[];
  };
  readonly conjuncts: readonly Conjunct[];
  readonly where: Expression | null;
  /** Empty for UPDATE and DELETE. */
  readonly items: readonly SelectItem[];
  /** Tokens of the select list; empty range for UPDATE and DELETE. */
  readonly itemTokens: TokenRange;
  readonly distinct: boolean;
  /** SQL_CALC_FOUND_ROWS, HIGH_PRIORITY, …, in upper case. */
  readonly options: readonly string[];
  readonly groupBy: readonly OrderItem[];
  readonly rollup: boolean;
  readonly having: Expression | null;
  /** Any call of an aggregate that is not a window function, in the select list or HAVING or ORDER BY of this scope. */
  readonly aggregates: boolean;
  /** The PARTITION BY of each window of this scope, empty where it has none. What is made from a named window has that one's. */
  readonly windows: readonly (readonly Expression[])[];
  /** Tokens of the whole, from SELECT, UPDATE or DELETE. */
  readonly tokens: TokenRange;
}

/** What a query is made of. */
export type QueryBody =
  | { readonly kind: 'select'; readonly scope: number }
  /** VALUES (…), (…) as a query. */
  | { readonly kind: 'values'; readonly rows: readonly (readonly Expression[])[] }
  | {
      readonly kind: 'set';
      readonly operator: 'UNION' | 'EXCEPT' | 'INTERSECT';
      readonly all: boolean;
      readonly left: QueryBody;
      readonly right: QueryBody;
    }
  /** A query in parentheses, with an ORDER BY and LIMIT of its own: index into `queries`. */
  | { readonly kind: 'query'; readonly query: number };

/** A whole query: a SELECT or several combined, with what follows the last of them. */
export interface Query {
  readonly body: QueryBody;
  /** How it stands in the statement. */
  readonly nesting: 'root' | 'parenthesised' | 'derived' | 'expression' | 'commonTable';
  /** The scope it stands in; its columns can be used when `nesting` is `expression`. */
  readonly scope: number | null;
  /** Queries (by index) it defines by WITH. */
  readonly commonTables: readonly {
    readonly name: string;
    readonly query: number;
    readonly recursive: boolean;
  }[];
  readonly orderBy: readonly OrderItem[];
  /** The ORDER BY clause with its words; null without. */
  readonly orderTokens: TokenRange | null;
  readonly limit: Limit | null;
  /** The token before which a LIMIT stands, or would stand. */
  readonly limitPlace: number;
  /** FOR UPDATE, LOCK IN SHARE MODE. */
  readonly lock: 'update' | 'share' | null;
  readonly into: 'outfile' | 'dumpfile' | 'variables' | null;
  readonly tokens: TokenRange;
}
