/** Beginning, binding and ending transactions. */
import type { TransactionMode } from '../../api/v1alpha1/index.ts';
import { BackendError } from '../backend/backend-error.ts';
import type { Outcome } from '../backend/outcome.ts';
import type { Session } from '../session/session.ts';
import {
  NO_TRANSACTION,
  openTransaction,
  type OpenTransaction,
  type Participant,
} from '../session/transaction-state.ts';
import { withWrite } from '../session/write-token.ts';
import { classifyOutcome } from './classify-failure.ts';
import { CollectingSink } from './collecting-sink.ts';
import { clientError } from './errors.ts';
import { dropTransaction, quoteName } from './participants.ts';
import type { BindingPlace } from './place-description.ts';

/** Statement that begins a transaction where nothing else was said. */
export const BEGIN = 'START TRANSACTION';

/** Begins a transaction; one that is open is committed first, as a server does. Nothing reaches a server yet. */
export async function beginTransaction(session: Session, begin: string, signal: AbortSignal): Promise<void> {
  await commitTransaction(session, signal);
  session.transaction = openTransaction(begin, takeNext(session));
}

/** With autocommit off, the first statement begins a transaction by itself. */
export function beginImplicitly(session: Session): void {
  if (!session.autocommit && session.transaction.kind === 'none') {
    session.transaction = openTransaction(BEGIN, takeNext(session));
  }
}

/** What SET TRANSACTION has asked for; it holds once. */
function takeNext(session: Session): string | null {
  const { transaction } = session;
  const next = transaction.kind === 'none' ? transaction.next : null;
  session.transaction = NO_TRANSACTION;
  return next;
}

/**
 * Binds the open transaction to where its statement goes, in the mode `Single`; there is nothing to bind outside of one, and
 * in the mode `Multi`. Throws ClientError where it is bound to something else.
 */
export function bindTransaction(
  session: Session,
  mode: TransactionMode,
  places: readonly BindingPlace[],
): void {
  const { transaction } = session;
  const [first] = places;
  if (transaction.kind !== 'open' || mode === 'Multi' || first === undefined) {
    return;
  }
  const bound = transaction.place;
  const other = places.find(({ identity }) => identity !== (bound ?? first).identity);
  if (other !== undefined) {
    const what =
      bound === null
        ? `The statement is for ${first.describe()} and for ${other.describe()}`
        : `This transaction began in ${bound.description}, and the statement is for ${other.describe()}`;
    throw clientError('notSupported', `${what}: a transaction stays in one slot. ${ALLOW_MORE}`);
  }
  transaction.place ??= { identity: first.identity, description: first.describe() };
}

const ALLOW_MORE =
  'Give its rows one key, or allow more with SET shardwright_transactions = Multi (or transactions: Multi of the keyspace or the user), ' +
  'after which rows on different shards are committed one after the other';

/**
 * Commits the open transaction, if there is one, and gives its connections back. Several shards are committed one after the
 * other, in the order in which they joined; those that only read do not matter. Throws ClientError: 1213 where nothing was
 * committed, 1158 where that is not known, 1180 where some shards were committed and others were not.
 */
export async function commitTransaction(session: Session, signal: AbortSignal): Promise<void> {
  const { transaction } = session;
  if (transaction.kind === 'none') {
    return;
  }
  session.transaction = NO_TRANSACTION;
  const participants = [...transaction.participants.values()].toSorted(
    (one, other) => Number(other.hasWritten) - Number(one.hasWritten),
  );
  const committed: Participant[] = [];
  const pending = [...participants];
  try {
    for (let participant = pending[0]; participant !== undefined; participant = pending[0]) {
      await commitParticipant(session, participant, committed, signal);
      committed.push(participant);
      pending.shift();
      participant.loan.giveBack({ clean: true });
    }
  } finally {
    for (const { loan } of pending) {
      loan.giveBack({ clean: false });
    }
  }
}

async function commitParticipant(
  session: Session,
  participant: Participant,
  committed: readonly Participant[],
  signal: AbortSignal,
): Promise<void> {
  const { shard, loan, hasWritten } = participant;
  let outcome: Outcome;
  try {
    outcome = await loan.connection.query(Buffer.from('COMMIT'), new CollectingSink(), {}, signal);
  } catch (error) {
    if (!hasWritten) {
      return;
    }
    throw commitError(
      error,
      shard,
      committed,
      error instanceof BackendError && error.execution === 'NotSent',
    );
  }
  if (outcome.error !== undefined && hasWritten) {
    const isKnown = classifyOutcome(outcome)?.kind !== 'unknown';
    throw commitError(new Error(outcome.error.message), shard, committed, isKnown);
  }
  if (outcome.lastGtid !== undefined) {
    session.token = withWrite(session.token, outcome.lastGtid);
  }
}

function commitError(
  cause: unknown,
  shard: number,
  committed: readonly Participant[],
  isRolledBack: boolean,
): Error {
  const writers = committed.filter(({ hasWritten }) => hasWritten).map((participant) => participant.shard);
  const why = cause instanceof Error ? cause.message : String(cause);
  if (writers.length > 0) {
    return clientError(
      'partlyCommitted',
      `The transaction was committed on shard ${writers.join(', ')}, and ` +
        `${isRolledBack ? 'was rolled back' : 'may or may not have been'} on shard ${shard}: ${why}`,
      cause,
    );
  }
  return isRolledBack
    ? clientError(
        'transactionLost',
        `The transaction was rolled back: ${why}; try restarting transaction`,
        cause,
      )
    : clientError(
        'answerLost',
        `The answer to COMMIT was lost: the transaction may or may not have been committed; look before repeating it (${why})`,
        cause,
      );
}

/** Rolls the open transaction back, if there is one, and gives its connections back. */
export async function rollbackTransaction(session: Session, signal: AbortSignal): Promise<void> {
  const { transaction } = session;
  session.transaction = NO_TRANSACTION;
  if (transaction.kind === 'none') {
    return;
  }
  await Promise.all(
    [...transaction.participants.values()].map(async ({ loan }) => {
      try {
        await loan.connection.query(Buffer.from('ROLLBACK'), new CollectingSink(), {}, signal);
        loan.giveBack({ clean: true });
      } catch {
        // What is lost is rolled back as well.
        loan.giveBack({ clean: false });
      }
    }),
  );
}

/** SAVEPOINT, on every shard that takes part, and on those that join later. */
export async function setSavepoint(session: Session, name: string, signal: AbortSignal): Promise<void> {
  const { transaction } = session;
  if (transaction.kind === 'none') {
    // Outside a transaction a savepoint is taken and forgotten.
    return;
  }
  await onEveryParticipant(session, transaction, `SAVEPOINT ${quoteName(name)}`, signal);
  transaction.savepoints = [...transaction.savepoints.filter((other) => !isSameName(other, name)), name];
}

/** ROLLBACK TO SAVEPOINT: those set after it are gone. */
export async function rollbackToSavepoint(
  session: Session,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const { transaction, kept } = findSavepoint(session, name);
  await onEveryParticipant(session, transaction, `ROLLBACK TO SAVEPOINT ${quoteName(name)}`, signal);
  transaction.savepoints = [...kept, name];
}

/** RELEASE SAVEPOINT: it and those set after it are gone. */
export async function releaseSavepoint(session: Session, name: string, signal: AbortSignal): Promise<void> {
  const { transaction, kept } = findSavepoint(session, name);
  await onEveryParticipant(session, transaction, `RELEASE SAVEPOINT ${quoteName(name)}`, signal);
  transaction.savepoints = kept;
}

function findSavepoint(
  { transaction }: Session,
  name: string,
): { readonly transaction: OpenTransaction; readonly kept: readonly string[] } {
  const index =
    transaction.kind === 'open' ? transaction.savepoints.findIndex((other) => isSameName(other, name)) : -1;
  if (transaction.kind === 'none' || index < 0) {
    throw clientError('noSuchSavepoint', `SAVEPOINT ${name} does not exist`);
  }
  return { transaction, kept: transaction.savepoints.slice(0, index) };
}

function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** A shard that does not do what the others do would have another past: then the transaction is lost. */
async function onEveryParticipant(
  session: Session,
  transaction: OpenTransaction,
  statement: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (const { loan, shard } of transaction.participants.values()) {
      const outcome = await loan.connection.query(Buffer.from(statement), new CollectingSink(), {}, signal);
      if (outcome.error !== undefined) {
        throw new Error(`shard ${shard} answered: ${outcome.error.message}`);
      }
    }
  } catch (cause) {
    dropTransaction(session);
    throw clientError(
      'transactionLost',
      `The transaction was rolled back, since a savepoint could not be set or used on all of its shards: ${
        cause instanceof Error ? cause.message : String(cause)
      }; try restarting transaction`,
      cause,
    );
  }
}
