/**
 * Runs one statement on one shard: chooses the server, borrows or keeps a connection, holds the statement while the shard
 * has nobody to run it, and repeats it only where that is safe.
 */
import type { BackendConnection, Surroundings } from '../backend/backend-connection.ts';
import { BackendError } from '../backend/backend-error.ts';
import type { Loan } from '../backend/backend-pool.ts';
import type { Outcome } from '../backend/outcome.ts';
import type { ResultSink } from '../backend/result-sink.ts';
import type { Access } from '../routing/route.ts';
import type { ConsistencyLevel } from '../../api/v1alpha1/index.ts';
import { stricterConsistency } from '../session/stricter-consistency.ts';
import { decideReadServer } from '../session/read-server.ts';
import type { Session } from '../session/session.ts';
import { withWrite } from '../session/write-token.ts';
import { HoldError } from '../topology/statement-hold.ts';
import type { Server } from '../topology/servers.ts';
import type { Location, Topology } from '../topology/topology.ts';
import { assertNever } from '../../runtime/assert-never.ts';
import { encodeError } from '../wire/server-error.ts';
import { classifyBackendError, classifyOutcome, type Verdict } from './classify-failure.ts';
import { KilledError } from '../client/client-error.ts';
import { errorFields } from '../../runtime/logger.ts';
import type { Environment } from './environment.ts';
import { clientError } from './errors.ts';
import { readDiagnostics } from './read-diagnostics.ts';
import { beginParticipant, dropTransaction, participantOf } from './participants.ts';

/** An answer's receiver that keeps an error to itself until it is asked for. */
export interface HoldingSink extends ResultSink {
  readonly failure: { readonly error: { readonly errno: number; readonly message: string } } | undefined;
  /** Whether a part of the answer was handed on, so that the statement cannot be repeated. */
  readonly hasBegun: boolean;
}

/** One statement for one shard. */
export interface ShardRequest<Sink extends HoldingSink> {
  /** Asked before each attempt, since the map may change in between; undefined where the map has no such place. */
  readonly locate: (topology: Topology) => Location | undefined;
  readonly access: Access;
  /** Level of consistency where `access` names none. */
  readonly consistency: ConsistencyLevel;
  /** Whether it belongs to the session's transaction, if there is one. */
  readonly transactional: boolean;
  /** A receiver for one attempt. */
  readonly sink: () => Sink;
  /** What has to be asked of the connection that has run it, before anybody else gets it. */
  readonly after?: (connection: BackendConnection, signal: AbortSignal) => Promise<void>;
  /** Hands the statement to the connection. */
  readonly send: (
    connection: BackendConnection,
    sink: Sink,
    surroundings: Surroundings,
    signal: AbortSignal,
  ) => Promise<Outcome>;
}

/** How the last attempt ended. */
export interface ShardAnswer<Sink extends HoldingSink> {
  readonly outcome: Outcome;
  readonly sink: Sink;
  readonly server: Server;
}

type Attempt<Sink extends HoldingSink> =
  | { readonly kind: 'answered'; readonly answer: ShardAnswer<Sink> }
  | { readonly kind: 'again'; readonly cause: unknown };

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
  const unfit = new Set<string>();
  const first = locateNow(environment, request);
  const held = environment.hold.begin(first.shard);
  try {
    for (;;) {
      const attempt = await tryOnShard(environment, session, request, unfit, signal);
      if (attempt.kind === 'answered') {
        return attempt.answer;
      }
      environment.metrics.held();
      await held.wait(attempt.cause, signal);
    }
  } catch (error) {
    throw error instanceof HoldError ? clientError('timeOut', holdMessage(error), error) : error;
  } finally {
    held.end();
  }
}

function holdMessage(error: HoldError): string {
  return `Shardwright gave the statement up before it was sent: ${error.message}`;
}

function locateNow<Sink extends HoldingSink>(
  { topology }: Environment,
  { locate }: ShardRequest<Sink>,
): Location {
  const location = topology.current === undefined ? undefined : locate(topology.current);
  if (location === undefined) {
    throw clientError(
      'unknown',
      'The map of the cluster has no such place; it may be about to change: try again',
    );
  }
  return location;
}

async function tryOnShard<Sink extends HoldingSink>(
  environment: Environment,
  session: Session,
  request: ShardRequest<Sink>,
  unfit: Set<string>,
  signal: AbortSignal,
): Promise<Attempt<Sink>> {
  const { shard, database } = locateNow(environment, request);
  const participant = request.transactional ? participantOf(session, shard) : undefined;
  const server =
    (participant?.loan.connection.server as Server | undefined) ??
    chooseServer(environment, session, request, shard, unfit);
  if (server === undefined) {
    return { kind: 'again', cause: new Error(`shard ${shard} has no primary`) };
  }
  const hasMuchToLose =
    request.transactional && session.transaction.kind === 'open' && session.transaction.participants.size > 0;
  const surroundings: Surroundings = {
    variables: session.variables,
    ...(database === undefined ? {} : { database }),
  };
  let loan: Loan;
  try {
    loan = participant?.loan ?? (await borrow(environment, session, server, surroundings, signal));
    if (participant === undefined && request.transactional && session.transaction.kind === 'open') {
      await beginParticipant(session.transaction, shard, loan, surroundings, signal);
    }
  } catch (error) {
    signal.throwIfAborted();
    unfit.add(server.pod);
    return afterFailure(session, error, hasMuchToLose, undefined, server);
  }
  const isOwn = request.transactional && session.transaction.kind === 'open';
  const sink = request.sink();
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
    unfit.add(server.pod);
    return afterFailure(session, error, isOwn, { sink, access: request.access }, server);
  }
  if (outcome.error !== undefined && outcome.inPrelude) {
    if (!isOwn && hasMoved(environment, request, shard)) {
      loan.giveBack({ clean: true });
      return { kind: 'again', cause: new Error(outcome.error.message) };
    }
    // The receiver has seen nothing of it.
    sink.error(outcome.error, encodeError(outcome.error));
  }
  session.diagnostics = await readDiagnostics(loan.connection, outcome, signal);
  if (request.after !== undefined && outcome.error === undefined) {
    await request.after(loan.connection, signal);
  }
  const verdict = classifyOutcome(outcome);
  remember(session, outcome, request.access, shard);
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
  unfit.add(server.pod);
  return decide(verdict, outcome.error, isOwn, { sink, access: request.access }, server);
}

/** A server that does not know the database refuses before it executes: the map may have another place for it by now. */
function hasMoved<Sink extends HoldingSink>(
  environment: Environment,
  request: ShardRequest<Sink>,
  shard: number,
): boolean {
  return locateNow(environment, request).shard !== shard;
}

/**
 * KILL QUERY ends the statement and not the transaction: it is passed on to the server, whose answer is the client's. What
 * else ends a command ends its connection, and the transaction with it.
 */
async function withinTransaction<Result>(
  { logger, signal: process }: Environment,
  connection: BackendConnection,
  signal: AbortSignal,
  body: (limit: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const limit = new AbortController();
  const onAbort = (): void => {
    const reason: unknown = signal.reason;
    if (reason instanceof KilledError && reason.scope === 'query') {
      connection.cancel(process).catch((error: unknown) => {
        logger.warn('a statement could not be cancelled', errorFields(error));
        limit.abort(reason);
      });
    } else {
      limit.abort(reason);
    }
  };
  signal.throwIfAborted();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await body(limit.signal);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** ER_LOCK_DEADLOCK: the server has rolled back the whole transaction. */
const DEADLOCK = 1213;

/** The primary, or for a read the server that the level of consistency asks for. */
function chooseServer<Sink extends HoldingSink>(
  environment: Environment,
  session: Session,
  { access, consistency, transactional }: ShardRequest<Sink>,
  shard: number,
  unfit: ReadonlySet<string>,
): Server | undefined {
  const servers = environment.topology.current?.shards.get(shard);
  if (servers === undefined) {
    return undefined;
  }
  const needsPrimary =
    access.mode === 'write' ||
    access.primaryBecause !== null ||
    (transactional && session.transaction.kind === 'open');
  if (needsPrimary) {
    return servers.primary;
  }
  const choice = decideReadServer({
    level:
      access.consistency ??
      stricterConsistency(session.wishes.consistency ?? consistency, access.leastConsistency),
    servers: { ...servers, replicas: servers.replicas.filter(({ pod }) => !unfit.has(pod)) },
    states: environment.replicaStates(),
    token: session.token,
    maxLagMilliseconds: environment.maxLagMilliseconds,
    turn: environment.nextTurn(),
    fastest: session.wishes.fastest,
  });
  return choice.server;
}

function borrow(
  { pools }: Environment,
  session: Session,
  server: Server,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<Loan> {
  const { user, credential, traits } = session;
  return pools.lend({ server, user, credential, traits, surroundings }, signal);
}

interface Sent {
  readonly sink: HoldingSink;
  readonly access: Access;
}

/** After an error that was thrown. `inTransaction`: statements before it are lost with it. */
function afterFailure<Sink extends HoldingSink>(
  session: Session,
  error: unknown,
  inTransaction: boolean,
  sent: Sent | undefined,
  server: Server,
): Attempt<Sink> {
  if (!(error instanceof BackendError)) {
    throw error;
  }
  return decide(classifyBackendError(error), error, inTransaction, sent, server, session.user);
}

function decide<Sink extends HoldingSink>(
  verdict: Verdict,
  cause: unknown,
  inTransaction: boolean,
  sent: Sent | undefined,
  server: Server,
  user = '',
): Attempt<Sink> {
  switch (verdict.kind) {
    case 'final':
      throw cause;
    case 'denied':
      throw clientError(
        'accessDenied',
        `Access denied for user '${user}' at the servers of the cluster`,
        cause,
      );
    case 'again':
    case 'full':
      if (inTransaction) {
        throw transactionLost(server, cause);
      }
      return { kind: 'again', cause };
    case 'unknown':
      if (inTransaction) {
        throw transactionLost(server, cause);
      }
      if (sent?.access.mode === 'read' && !sent.sink.hasBegun) {
        return { kind: 'again', cause };
      }
      throw clientError(
        'answerLost',
        `The answer of ${server.pod} was lost: the statement may or may not have been executed; look before repeating it`,
        cause,
      );
    default:
      return assertNever(verdict);
  }
}

function transactionLost(server: Server, cause: unknown): Error {
  return clientError(
    'transactionLost',
    `The transaction was rolled back, since ${server.pod} is no longer the primary of its shard; try restarting transaction`,
    cause,
  );
}

/** Takes over what the answer says of the session. */
function remember(session: Session, outcome: Outcome, access: Access, shard: number): void {
  if (outcome.lastGtid !== undefined) {
    session.token = withWrite(session.token, outcome.lastGtid);
  }
  const participant = participantOf(session, shard);
  if (participant !== undefined && access.mode === 'write') {
    participant.hasWritten = true;
  }
}
