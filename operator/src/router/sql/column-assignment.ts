import type { Expression } from './expression.ts';

/** One assignment to a column. */
export interface ColumnAssignment {
  readonly table: string | null;
  /** Lower case. */
  readonly column: string;
  readonly value: Expression;
}
