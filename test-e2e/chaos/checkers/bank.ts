import type { Operation } from '../history/operation.ts';
import type { Violation } from './violation.ts';
import { summarise } from './violation.ts';

/** Every look at all accounts shows the same total: a transfer is seen whole or not at all. */
export function checkBankTotal(operations: readonly Operation[], total: number): Violation[] {
  const wrong = operations.flatMap((operation) => {
    if (operation.kind !== 'readBalances' || operation.outcome !== 'ok' || operation.balances === null) {
      return [];
    }
    const sum = addUp(operation.balances);
    return sum === total ? [] : [`${sum} at ${operation.start.toFixed(1)} on ${operation.member}`];
  });
  return summarise('bankTotal', `reads of the accounts do not add up to ${total}`, wrong);
}

/** A transfer as its own row tells. */
export interface RecordedTransfer {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  readonly amount: number;
}

/** The accounts that a member holds at the end are what its recorded transfers make of the opening balance. */
export function checkTransfersWhole(
  member: string,
  openingBalance: number,
  transfers: readonly RecordedTransfer[],
  balances: readonly number[],
): Violation[] {
  const expected = balances.map(() => openingBalance);
  for (const { from, to, amount } of transfers) {
    expected[from] = (expected[from] ?? 0) - amount;
    expected[to] = (expected[to] ?? 0) + amount;
  }
  const wrong = balances.flatMap((balance, account) =>
    balance === expected[account] ? [] : [`${account} has ${balance}, not ${expected[account]}`],
  );
  return summarise('transfersWhole', `accounts of ${member} disagree with its transfers`, wrong);
}

function addUp(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
