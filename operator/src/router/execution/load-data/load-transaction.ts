import type { Session } from '../../session/session.ts';
import { inStatementTransaction } from '../statement-transaction.ts';
import { releaseSavepoint, rollbackToSavepoint, setSavepoint } from '../transactions.ts';

/** No client has one of that name. */
const SAVEPOINT = 'shardwright load data';

/**
 * Runs the batches of one file as one: in a transaction of its own, or in the session's behind a savepoint, to which it goes
 * back when `body` throws or resolves with false. A transaction that is lost has nothing to go back to.
 */
export async function inLoadTransaction(
  session: Session,
  body: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  if (session.transaction.kind === 'none') {
    await inStatementTransaction(session, body, signal);
    return;
  }
  await setSavepoint(session, SAVEPOINT, signal);
  let isGood = false;
  try {
    isGood = await body();
  } finally {
    if (!isGood && hasSavepoint(session)) {
      // Not the command's signal: a statement that was killed is undone as well.
      await rollbackToSavepoint(session, SAVEPOINT, new AbortController().signal);
    }
    if (hasSavepoint(session)) {
      await releaseSavepoint(session, SAVEPOINT, new AbortController().signal);
    }
  }
}

function hasSavepoint({ transaction }: Session): boolean {
  return transaction.kind === 'open' && transaction.savepoints.includes(SAVEPOINT);
}
