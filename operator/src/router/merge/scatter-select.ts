/** What merges are planned from. */
import type { TokenRange } from '../sql/expression.ts';
import type { Query, Scope } from '../sql/query-shape.ts';
import type { StatementShape } from '../sql/statement-shape.ts';
import type { Edit } from '../sql/rewrite.ts';
import type { KeyGraph } from '../routing/key-graph.ts';
import type { ConstantValues } from '../routing/key-constraint.ts';
import type { MentionedTable } from '../routing/mentioned-tables.ts';
import { refuseUnsupported, type Refused } from '../routing/refusal.ts';
import type { MergePlan } from './merge-plan.ts';

/** A SELECT that several slots answer. */
export interface ScatterSelect {
  readonly shape: StatementShape;
  readonly tables: readonly MentionedTable[];
  readonly graph: KeyGraph;
  readonly query: Query;
  /** The query in FROM of which one server has to see all rows, by index; null where there is none. */
  readonly gathered: number | null;
  readonly values: ConstantValues;
  readonly textOf: (tokens: TokenRange) => string;
}

/** One SELECT of it. */
export interface ScatterScope extends ScatterSelect {
  readonly scopeIndex: number;
  readonly scope: Scope;
}

/** How it is asked and merged: the edits are for every slot. */
export interface PlannedMerge {
  readonly kind: 'merge';
  readonly edits: readonly Edit[];
  readonly plan: MergePlan;
  /** Where a server calculates from merged groups: the edits that make its answer have the columns of slots, and no rows. */
  readonly template?: readonly Edit[];
  /** The edits that make its answer have the client's columns, where the template has not. */
  readonly named?: readonly Edit[];
}

/** Thrown while a merge is planned, and caught where planning began: what is wrong can be deep in an expression. */
export class CannotMerge extends Error {
  readonly code = 'CannotMerge';
  override readonly name = 'CannotMerge';
  readonly refused: Refused;

  constructor(message: string, hint: string) {
    super(message);
    this.refused = refuseUnsupported(message, hint);
  }
}

/** What is asked for cannot be put together from parts, whatever is calculated: a server has to see all rows. */
export class NeedsRows extends CannotMerge {}

/** What is asked for is no matter of merging alone: a server has to calculate it from what was merged. */
export class NeedsCalculation extends CannotMerge {
  constructor(message: string) {
    super(
      message,
      'Select the aggregates alone and calculate in the application; or group by the key column',
    );
  }
}
