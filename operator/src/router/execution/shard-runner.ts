/**
 * Runs one statement on one shard: chooses the server, borrows or keeps a connection, holds the statement while the shard
 * has nobody to run it, and repeats it only where that is safe.
 */
import type { Outcome } from '../backend/outcome.ts';
import type { Access } from '../routing/route.ts';
import { NO_DIAGNOSTICS } from '../session/diagnostics.ts';
import type { Session } from '../session/session.ts';
import { withWrite } from '../session/write-token.ts';
import type { HoldReason } from '../topology/statement-hold.ts';
import type { Location } from '../topology/topology.ts';
import { encodeError } from '../../wire/server-error.ts';
import { hasMuchToLose, notBegun, takeConnection } from './attempt-connection.ts';
import { awaitPosition } from './await-position.ts';
import { findPlace, staleAt } from './attempt-place.ts';
import { classifyOutcome } from './classify-failure.ts';
import { decideAttempt, decideThrown, transactionLost } from './decide-attempt.ts';
import type { Environment } from './environment.ts';
import { holdWhile } from './hold-while.ts';
import { dropTransaction, participantOf, withdrawParticipant } from './participants.ts';
import { hasDiagnostics, readDiagnostics } from './read-diagnostics.ts';
import type { Attempt, HoldingSink, ShardAnswer, ShardRequest } from './shard-request.ts';
import type { Attempts } from './stale-route.ts';
import { withinTransaction } from './within-transaction.ts';

/**
 * Runs it. Resolves with the server's answer, which may be an error for the client. Throws ClientError where the shard has
 * nobody for too long (1205), a transaction is lost (1213), or an answer is (1158).
 */
export async function runOnShard<Sink extends HoldingSink>(
  environment: Environment,
  session: Session,
  request: ShardRequest<Sink>,
  signal: AbortSignal,
): Promise<ShardAnswer<Sink>> {
  const attempts: Attempts = { unfit: new Set(), hasWaited: false, wasOpen: false, stale: 0 };
  // Nearly every statement is answered by its first attempt, which is not worth holding anything for.
  let first: Attempt<Sink> | undefined = await tryOnShard(environment, session, request, attempts, signal);
  if (first.kind === 'answered') {
    return first.answer;
  }
  return holdWhile(
    environment,
    async () => {
      for (;;) {
        const attempt = first ?? (await tryOnShard(environment, session, request, attempts, signal));
        first = undefined;
        if (attempt.kind === 'answered') {
          return { kind: 'done', value: attempt.answer };
        }
        if (attempt.reason !== null) {
          return { kind: 'wait', reason: attempt.reason };
        }
      }
    },
    signal,
  );
}

async function tryOnShard<Sink extends HoldingSink>(
  environment: Environment,
  session: Session,
  request: ShardRequest<Sink>,
  attempts: Attempts,
  signal: AbortSignal,
): Promise<Attempt<Sink>> {
  const place = findPlace(environment, session, request, attempts);
  if (place.kind === 'wait') {
    return { kind: 'again', reason: place.reason };
  }
  const { location, server, participant, surroundings } = place;
  const { shard } = location;
  const { transaction, user } = session;
  const hadMuchToLose = hasMuchToLose(session, request.transactional);
  const took = takeConnection(environment, session, request.transactional, place, signal);
  const taken = took instanceof Promise ? await took : took;
  if (taken.kind === 'outdated') {
    return { kind: 'again', reason: null };
  }
  if (taken.kind === 'refused') {
    const { loan, error } = taken;
    const stale = await staleAt(
      environment,
      request,
      place,
      { connection: loan.connection, error },
      attempts,
      signal,
    );
    loan.giveBack({ clean: false });
    if (stale === undefined) {
      throw notBegun(shard, error);
    }
    return afterStale(session, hadMuchToLose, stale);
  }
  if (taken.kind === 'failed') {
    attempts.unfit.add(server.pod);
    const failed = { server, user, inTransaction: hadMuchToLose, sent: undefined };
    return { kind: 'again', reason: decideThrown(taken.error, failed) };
  }
  const { loan } = taken;
  if (place.awaited !== null) {
    attempts.hasWaited = true;
    const { waitMilliseconds } = session.wishes;
    if (!(await awaitPosition(loan.connection, place.awaited, waitMilliseconds, signal))) {
      loan.giveBack({ clean: false });
      signal.throwIfAborted();
      return { kind: 'again', reason: null };
    }
  }
  const isOwn = request.transactional && transaction.kind === 'open';
  const sink = request.sink();
  const sent = { sink, access: request.access };
  let outcome: Outcome;
  try {
    outcome = isOwn
      ? await withinTransaction(environment, loan.connection, signal, (limit) =>
          request.send(loan.connection, sink, surroundings, limit),
        )
      : await request.send(loan.connection, sink, surroundings, signal);
  } catch (error) {
    if (isOwn) {
      dropTransaction(session);
    } else {
      loan.giveBack({ clean: false });
    }
    signal.throwIfAborted();
    attempts.unfit.add(server.pod);
    return { kind: 'again', reason: decideThrown(error, { server, user, inTransaction: isOwn, sent }) };
  }
  if (outcome.error !== undefined && (outcome.inPrelude || (request.isAtomic !== false && !sink.hasBegun))) {
    const refused = { connection: loan.connection, error: outcome.error };
    const stale = await staleAt(environment, request, place, refused, attempts, signal);
    if (stale !== undefined) {
      if (!isOwn) {
        loan.giveBack({ clean: false });
      } else if (participant === undefined) {
        withdrawParticipant(transaction, shard);
      }
      return afterStale(session, hadMuchToLose, stale);
    }
  }
  if (outcome.error !== undefined && outcome.inPrelude) {
    // The receiver has seen nothing of it.
    sink.error(outcome.error, encodeError(outcome.error));
  }
  session.diagnostics = hasDiagnostics(outcome)
    ? await readDiagnostics(loan.connection, outcome, signal)
    : NO_DIAGNOSTICS;
  if (request.after !== undefined && outcome.error === undefined) {
    await request.after(loan.connection, outcome, signal);
  }
  const verdict = classifyOutcome(outcome);
  remember(session, outcome, request.access, location);
  if (!isOwn) {
    loan.giveBack({ clean: outcome.error === undefined });
  }
  if (verdict === undefined || verdict.kind === 'final') {
    if (isOwn && outcome.error?.errno === DEADLOCK) {
      dropTransaction(session);
    }
    return { kind: 'answered', answer: { outcome, sink, server } };
  }
  if (isOwn) {
    dropTransaction(session);
  }
  attempts.unfit.add(server.pod);
  const failed = { server, user, inTransaction: isOwn, sent };
  return { kind: 'again', reason: decideAttempt(verdict, outcome.error, failed) };
}

/** A transaction that has nothing anywhere yet may begin elsewhere; every other is lost. */
function afterStale<Sink extends HoldingSink>(
  session: Session,
  hadMuchToLose: boolean,
  reason: HoldReason,
): Attempt<Sink> {
  if (hadMuchToLose) {
    dropTransaction(session);
    throw transactionLost(reason.message, reason.error);
  }
  return { kind: 'again', reason };
}

/** ER_LOCK_DEADLOCK: the server has rolled back the whole transaction. */
const DEADLOCK = 1213;

/** Takes over what the answer says of the session. */
function remember(session: Session, outcome: Outcome, access: Access, { shard, database }: Location): void {
  if (outcome.lastGtid !== undefined) {
    session.token = withWrite(session.token, outcome.lastGtid);
  }
  const participant = participantOf(session, shard);
  if (database !== undefined) {
    participant?.databases.add(database);
  }
  if (participant !== undefined && access.mode === 'write') {
    participant.hasWritten = true;
  }
}
