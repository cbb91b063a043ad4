import type { Session } from '../session/session.ts';
import { NO_TRANSACTION, openTransaction } from '../session/transaction-state.ts';
import { BEGIN, commitTransaction, rollbackTransaction } from './transactions.ts';

/**
 * Runs the parts of one statement in a transaction of its own, unless the session is in one: either all parts are rolled
 * back, or they are committed one shard after the other. `body` resolves with whether they are to be committed.
 */
export async function inStatementTransaction(
  session: Session,
  body: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const { transaction } = session;
  if (transaction.kind === 'open') {
    await body();
    return;
  }
  session.transaction = openTransaction(BEGIN, null);
  let isGood = false;
  try {
    isGood = await body();
  } finally {
    if (!isGood) {
      await rollbackTransaction(session, signal);
    }
  }
  await commitTransaction(session, signal);
  session.transaction = transaction.next === null ? NO_TRANSACTION : transaction;
}
