/** The server connections that a transaction is open on. */
import type { Surroundings } from '../backend/backend-connection.ts';
import type { ServerError } from '../backend/backend-error.ts';
import type { Loan } from '../backend/backend-pool.ts';
import type { Session } from '../session/session.ts';
import { NO_TRANSACTION, type OpenTransaction, type Participant } from '../session/transaction-state.ts';
import { CollectingSink } from './collecting-sink.ts';

/** The session's connection to a shard, if its transaction has one. */
export function participantOf(session: Session, shard: number): Participant | undefined {
  return session.transaction.kind === 'open' ? session.transaction.participants.get(shard) : undefined;
}

/**
 * Begins the transaction on a shard, before its first statement there. Resolves with the server's error where it refused; the
 * shard takes no part then, and the connection is to be given back by the caller. What is thrown gives it back. The
 * transaction itself stays as it was either way.
 */
export async function beginParticipant(
  transaction: OpenTransaction,
  shard: number,
  loan: Loan,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<ServerError | undefined> {
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
        return outcome.error;
      }
    }
  } catch (error) {
    loan.giveBack({ clean: false });
    throw error;
  }
  transaction.participants.set(shard, { shard, loan, hasWritten: false, databases: new Set() });
  return undefined;
}

/** Takes a shard out of a transaction in which nothing has run there yet. */
export function withdrawParticipant({ participants }: OpenTransaction, shard: number): void {
  participants.get(shard)?.loan.giveBack({ clean: false });
  participants.delete(shard);
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
