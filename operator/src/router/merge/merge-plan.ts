/** How the answers of several slots become one. Plain data, made with the route. */

/**
 * A column in the rows that slots answer with: the client's columns come first (`visible`, from 0), then those that were added for
 * merging (`hidden`, from 0).
 */
export type RowColumn =
  { readonly from: 'visible'; readonly index: number } | { readonly from: 'hidden'; readonly index: number };

/**
 * A value that rows are compared by. Its type is that of the column in the answers. Where that is a text, `weight` is what
 * is compared, as the server's WEIGHT_STRING() gives it; for other types it is not looked at.
 */
export interface ComparedValue {
  readonly value: RowColumn;
  /** WEIGHT_STRING() of the value, and of a space in its collation: the shorter of two texts is filled up with spaces. */
  readonly weight: { readonly text: RowColumn; readonly space: RowColumn | null } | null;
}

/** One element of ORDER BY. */
export interface MergeOrder extends ComparedValue {
  readonly descending: boolean;
}

/** How one of the client's columns, or one that HAVING or ORDER BY needs, comes from the rows of a group. */
export type GroupValue =
  /** The same in all rows of the group, or any of them. `compared` is there where it is an element of ORDER BY. */
  | { readonly kind: 'any'; readonly column: RowColumn; readonly compared: ComparedValue | null }
  /** The sum of partial counts. */
  | { readonly kind: 'count'; readonly column: RowColumn }
  /** The sum of partial sums. */
  | { readonly kind: 'sum'; readonly column: RowColumn }
  /** `result` is the column whose type the average has. */
  | {
      readonly kind: 'average';
      readonly result: RowColumn;
      readonly sum: RowColumn;
      readonly count: RowColumn;
    }
  | { readonly kind: 'minimum' | 'maximum'; readonly compared: ComparedValue }
  | { readonly kind: 'bitAnd' | 'bitOr' | 'bitXor'; readonly column: RowColumn }
  /** Over distinct values: rows come grouped by the value as well. */
  | { readonly kind: 'countDistinct'; readonly result: RowColumn; readonly values: readonly ComparedValue[] }
  /** COALESCE of an aggregate and a constant: `result` as each slot has it, which is the constant where there is nothing. */
  | { readonly kind: 'fallback'; readonly result: RowColumn; readonly value: GroupValue }
  | {
      readonly kind: 'sumDistinct' | 'averageDistinct';
      readonly result: RowColumn;
      readonly compared: ComparedValue;
    };

/** A number that HAVING compares: a value of the group by its index in `values`, or a constant as decimal text. */
export type Operand =
  | { readonly kind: 'value'; readonly index: number }
  | { readonly kind: 'constant'; readonly text: string | null };

/** What groups must satisfy. Three-valued, as SQL is. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'not'; readonly condition: Condition }
  | {
      readonly kind: 'compare';
      readonly operator: '=' | '<>' | '<' | '<=' | '>' | '>=' | '<=>';
      readonly left: Operand;
      readonly right: Operand;
    }
  | { readonly kind: 'isNull'; readonly operand: Operand };

/** How slots sort their groups. */
export interface SortedGroups {
  /** All that makes a group, in this order. */
  readonly by: readonly MergeOrder[];
  /** Whether this is the order of the result, too. */
  readonly inOrder: boolean;
}

/** A value of merged groups as a column of the rows that a server calculates from. */
export interface CalculationInput {
  /** The column of the slots' answers that it has the place and the type of. */
  readonly column: RowColumn;
  /** By index in `values`. */
  readonly value: number;
  /** Where it may be a text: the values with its bytes, in its own character set, and with that set's name. */
  readonly text: { readonly bytes: number; readonly charset: number } | null;
}

/**
 * What a server makes of merged groups: expressions around aggregates. Texts are SQL in which the inputs are columns, named by
 * `inputName`.
 */
export interface GroupCalculation {
  readonly inputs: readonly CalculationInput[];
  /** Columns of the client by their index, each as an expression. */
  readonly items: readonly { readonly item: number; readonly text: string }[];
  /** What groups must satisfy beside `having` of the merge. */
  readonly having: string | null;
  /** Elements of ORDER BY; null where the order is the merge's. */
  readonly order: string | null;
  /** How many columns of the client slots answer with, in front of those that were added: all, or none. */
  readonly answered: number;
}

/** Merging of groups. */
export interface GroupMerge {
  readonly kind: 'group';
  /** What makes a group; empty: all rows are one, which is there without any rows, too. */
  readonly by: readonly ComparedValue[];
  /** The client's columns in their order, then what only HAVING and ORDER BY need. */
  readonly values: readonly GroupValue[];
  /** How many of `values` are the client's. */
  readonly visible: number;
  readonly having: Condition | null;
  /** By index in `values`. */
  readonly order: readonly { readonly index: number; readonly descending: boolean }[];
  /** Null where slots send their groups in any order. */
  readonly sorted: SortedGroups | null;
  /** Null where groups are what the merge makes of them. */
  readonly calculation: GroupCalculation | null;
}

/** A column of all slots' rows that a server sees. */
export interface GatheredColumn {
  readonly column: RowColumn;
  /** Where it may be a text: its bytes, in its own character set, and that set's name. */
  readonly text: { readonly bytes: RowColumn; readonly charset: RowColumn } | null;
}

/** All rows are given to one server, which answers the statement from them. None of the columns is the client's. */
export interface GatheredRows {
  readonly kind: 'gathered';
  readonly columns: readonly GatheredColumn[];
  /** Most rows of all slots. */
  readonly most: number;
  /** The statement in which the rows are a table, whose columns are named by `inputName`. */
  readonly select: string;
}

/** What happens to the rows. */
export type RowMerge =
  | GatheredRows
  /** One slot's rows after another's, in any order. */
  | { readonly kind: 'concatenate' }
  /** Each slot's rows are in this order already. */
  | { readonly kind: 'order'; readonly by: readonly MergeOrder[] }
  /** Each row once. Slots' rows are in the order `by`, if there is one. */
  | {
      readonly kind: 'distinct';
      readonly values: readonly ComparedValue[];
      readonly by: readonly MergeOrder[];
      /** There where it concerns some rows only: a number, of which equal rows count once; those with 0 count each. */
      readonly among?: RowColumn;
    }
  | GroupMerge;

/** All of it. */
export interface MergePlan {
  readonly rows: RowMerge;
  /** How many columns at the end of each slot's rows are not for the client. */
  readonly hidden: number;
  /** Rows of the merged result to leave out at its beginning. */
  readonly offset: number;
  /** Most rows after that; null: all. */
  readonly limit: number | null;
  /**
   * SQL_CALC_FOUND_ROWS: all rows are merged, to be counted, and the client gets these of them. `offset` is 0 and `limit` null then.
   */
  readonly counted?: { readonly offset: number; readonly limit: number | null };
  /** Slots answer by way of a derived table, whose name is no matter of the client: columns are of no table, as those of a UNION. */
  readonly tableless?: boolean;
}
