/** The connection for one attempt to run a statement. */
import type { ServerError } from '../backend/backend-error.ts';
import { BackendError } from '../backend/backend-error.ts';
import type { Loan } from '../backend/backend-pool.ts';
import type { Session } from '../session/session.ts';
import type { AttemptPlace } from './attempt-place.ts';
import { clientError } from './errors.ts';
import type { Environment } from './environment.ts';
import { beginParticipant, dropTransaction } from './participants.ts';

/** What became of the wish for a connection. */
export type TakenConnection =
  | { readonly kind: 'taken'; readonly loan: Loan }
  /** The map has changed meanwhile. */
  | { readonly kind: 'outdated' }
  /** The server refused to begin the transaction; the connection is to be given back. */
  | { readonly kind: 'refused'; readonly loan: Loan; readonly error: ServerError }
  /** There is none. */
  | { readonly kind: 'failed'; readonly error: unknown };

/**
 * Takes the transaction's connection, or borrows one, at once where one is idle; a transaction that is new on the shard is begun
 * there. Rejects with the signal's reason.
 */
export function takeConnection(
  environment: Environment,
  session: Session,
  isTransactional: boolean,
  place: AttemptPlace,
  signal: AbortSignal,
): TakenConnection | Promise<TakenConnection> {
  const { server, participant, surroundings } = place;
  if (participant !== undefined) {
    return { kind: 'taken', loan: participant.loan };
  }
  const { user, credential, traits, transaction } = session;
  const lent = environment.pools.lend({ server, user, credential, traits, surroundings }, signal);
  return lent instanceof Promise || (isTransactional && transaction.kind === 'open')
    ? takeLent(environment, session, isTransactional, place, lent, signal)
    : { kind: 'taken', loan: lent };
}

async function takeLent(
  { topology: newest }: Environment,
  session: Session,
  isTransactional: boolean,
  { topology, location, surroundings }: AttemptPlace,
  lent: Loan | Promise<Loan>,
  signal: AbortSignal,
): Promise<TakenConnection> {
  const { transaction } = session;
  try {
    const loan = await lent;
    if (newest.current !== topology) {
      loan.giveBack({ clean: true });
      return { kind: 'outdated' };
    }
    if (isTransactional && transaction.kind === 'open') {
      const error = await beginParticipant(transaction, location.shard, loan, surroundings, signal);
      if (error !== undefined) {
        return { kind: 'refused', loan, error };
      }
    }
    return { kind: 'taken', loan };
  } catch (error) {
    signal.throwIfAborted();
    if (hasMuchToLose(session, isTransactional) && error instanceof BackendError) {
      // The client is told that it was rolled back: what the other shards have of it must not be committed by its next BEGIN.
      dropTransaction(session);
    }
    return { kind: 'failed', error };
  }
}

/** Whether a transaction would be lost that has been at work on some shard. */
export function hasMuchToLose({ transaction }: Session, isTransactional: boolean): boolean {
  return isTransactional && transaction.kind === 'open' && transaction.participants.size > 0;
}

/** What the client is told where its transaction could not be begun. */
export function notBegun(shard: number, error: ServerError): Error {
  return clientError('unknown', `A transaction could not be begun on shard ${shard}: ${error.message}`);
}
