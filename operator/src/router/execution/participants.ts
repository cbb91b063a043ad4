/** The server connections that a transaction is open on. */
import type { Surroundings } from '../backend/backend-connection.ts';
import type { Loan } from '../backend/backend-pool.ts';
import type { Session } from '../session/session.ts';
import { NO_TRANSACTION, type OpenTransaction, type Participant } from '../session/transaction-state.ts';
import { CollectingSink } from './collecting-sink.ts';
import { clientError } from './errors.ts';

/** The session's connection to a shard, if its transaction has one. */
export function participantOf(session: Session, shard: number): Participant | undefined {
  return session.transaction.kind === 'open' ? session.transaction.participants.get(shard) : undefined;
}

/**
 * Begins the transaction on a shard, before its first statement there. What fails gives the connection back and rejects; the
 * transaction itself stays as it was.
 */
export async function beginParticipant(
  transaction: OpenTransaction,
  shard: number,
  loan: Loan,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  const statements = [
    ...(transaction.characteristics === null ? [] : [transaction.characteristics]),
    transaction.begin,
    ...transaction.savepoints.map((name) => `SAVEPOINT ${quoteName(name)}`),
  ];
  try {
    for (const statement of statements) {
      const sink = new CollectingSink();
      const outcome = await loan.connection.query(Buffer.from(statement), sink, surroundings, signal);
      if (outcome.error !== undefined) {
        throw clientError(
          'unknown',
          `A transaction could not be begun on shard ${shard}: ${outcome.error.message}`,
        );
      }
    }
  } catch (error) {
    loan.giveBack({ clean: false });
    throw error;
  }
  transaction.participants.set(shard, { shard, loan, hasWritten: false });
}

/** Ends a transaction that cannot be finished: what it did is rolled back wherever a connection is reset or ends. */
export function dropTransaction(session: Session): void {
  const { transaction } = session;
  session.transaction = NO_TRANSACTION;
  if (transaction.kind === 'open') {
    for (const { loan } of transaction.participants.values()) {
      loan.giveBack({ clean: false });
    }
  }
}

/** A name in backquotes. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
