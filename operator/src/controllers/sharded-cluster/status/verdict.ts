import type { ConditionType, Reason } from '../../../api/v1alpha1/index.ts';

/** One condition, as decided. */
export interface Verdict {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: Reason;
  readonly message: string;
}

/** A verdict for each condition. */
export type Verdicts = Readonly<Record<ConditionType, Verdict>>;

/** A verdict. */
export function verdict(status: Verdict['status'], reason: Reason, message: string): Verdict {
  return { status, reason, message };
}

const NAMED_AT_MOST = 3;

/** The first few names, and how many more there are. */
export function nameSome(names: readonly string[]): string {
  if (names.length === 0) {
    return 'none';
  }
  const more = names.length - NAMED_AT_MOST;
  const named = names.slice(0, NAMED_AT_MOST).join(', ');
  return more > 0 ? `${named} and ${more} more` : named;
}
