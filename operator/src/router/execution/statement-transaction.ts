import { ClientError } from '../client/client-error.ts';
import type { Session } from '../session/session.ts';
import { NO_TRANSACTION, openTransaction } from '../session/transaction-state.ts';
import { ERRORS } from './errors.ts';
import type { Execution } from './execution.ts';
import { holdWhile } from './hold-while.ts';
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
  await runParts(session, body, signal);
  await commitTransaction(session, signal);
  session.transaction = transaction.next === null ? NO_TRANSACTION : transaction;
}

/**
 * As {@link inStatementTransaction}, for parts that can be run again: `body` is called anew where a transaction of its own was
 * lost before its commit, since nothing of the statement was executed then.
 */
export async function inRepeatableTransaction(
  { environment, session }: Execution,
  body: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const { transaction } = session;
  if (transaction.kind === 'open') {
    await body();
    return;
  }
  await holdWhile(
    environment,
    async () => {
      try {
        await runParts(session, body, signal);
        return { kind: 'done', value: undefined };
      } catch (error) {
        if (!isLost(error)) {
          throw error;
        }
        return { kind: 'wait', reason: { cause: 'StaleRoute', message: error.message, error } };
      }
    },
    signal,
  );
  await commitTransaction(session, signal);
  session.transaction = transaction.next === null ? NO_TRANSACTION : transaction;
}

async function runParts(session: Session, body: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  session.transaction = openTransaction(BEGIN, null);
  let isGood = false;
  try {
    isGood = await body();
  } finally {
    if (!isGood) {
      await rollbackTransaction(session, signal);
    }
  }
}

/** The router's own word that everything was rolled back; what a server says of a deadlock is the answer of a part. */
function isLost(error: unknown): error is ClientError {
  return error instanceof ClientError && error.errno === ERRORS.transactionLost[0];
}
