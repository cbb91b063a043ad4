import type { StatementShape } from './statement-shape.ts';

/** What is kept for a digest. */
export interface PlanEntry<Plan> {
  /** The statement with `?` for each literal, one space between tokens and reserved words in upper case. */
  readonly digest: string;
  readonly shape: StatementShape;
  /** What routing keeps with the shape; null until it is set, and again after `clearPlans`. */
  plan: Plan | null;
}
