/** Moving money between two accounts, wherever their tables are. */
import type { Session } from './session.ts';
import type { Attempt } from './worker.ts';

/** Money that goes from one account to another. */
export interface Transfer {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  readonly amount: number;
}

/** A transaction around the changes that `move` makes. What fails before COMMIT was sent has had no effect. */
export function transferring(transfer: Transfer, move: (session: Session) => Promise<void>): Attempt {
  const unanswered = { kind: 'transfer', ...transfer } as const;
  let committing = false;
  return {
    unanswered,
    hadNoEffect: () => !committing,
    async perform(session) {
      await session.query('START TRANSACTION');
      try {
        await move(session);
      } catch (error) {
        // Before COMMIT a lost connection rolls back as well.
        await session.query('ROLLBACK').catch(() => session.close());
        throw error;
      }
      committing = true;
      await session.query('COMMIT');
      return unanswered;
    },
  };
}

/** What a transfer changes, in the order of the accounts' numbers, so that two transfers do not wait for each other. */
export function changesOf({
  from,
  to,
  amount,
}: Transfer): readonly { readonly account: number; readonly difference: number }[] {
  return [
    { account: from, difference: -amount },
    { account: to, difference: amount },
  ].toSorted((a, b) => a.account - b.account);
}
