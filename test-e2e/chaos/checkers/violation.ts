/** Which promise was broken. */
export type Rule =
  | 'acknowledgedWritePresent'
  | 'nothingUnwritten'
  | 'linearizable'
  | 'secondVerdictAgrees'
  | 'bankTotal'
  | 'transfersWhole'
  | 'monotonicReads'
  | 'strongReads'
  | 'readYourWrites'
  | 'boundedStaleness'
  | 'routerAnswers'
  | 'epochOrder'
  | 'staleReadsBounded'
  | 'oneWritableMember'
  | 'noErrantTransaction'
  | 'membersEqual'
  | 'semiSynchronous'
  | 'converged'
  | 'expectedPromotion'
  | 'noPromotion'
  | 'expectedSign';

/** One broken promise, with what is needed to look into it. */
export interface Violation {
  readonly rule: Rule;
  readonly message: string;
}

/** The violations of one rule as one, so that a thousand lost rows are one line: the first few, and how many. */
export function summarise(rule: Rule, what: string, examples: readonly (string | number)[]): Violation[] {
  if (examples.length === 0) {
    return [];
  }
  const shown = examples.slice(0, 5).join(', ');
  return [{ rule, message: `${examples.length} ${what}: ${shown}${examples.length > 5 ? ', …' : ''}` }];
}
