/** The one implementation of {@link BackendConnection}. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { VariableState } from '../session/session-variables.ts';
import { COMMAND } from '../../wire/command-code.ts';
import type {
  BackendConnection,
  BackendServer,
  ConnectionTraits,
  ExecutableStatement,
  Preparation,
  PreparedStatement,
  Surroundings,
} from './backend-connection.ts';
import type { BackendError } from './backend-error.ts';
import { CommandRunner, type StatementKiller } from './command-runner.ts';
import {
  closeStatementCommand,
  executePrefix,
  fetchCommand,
  longDataCommand,
  plainCommand,
  prepareCommand,
  QUERY_PREFIX,
  queryCommand,
  resetStatementCommand,
} from './commands.ts';
import {
  ExecuteExchange,
  type ExecutionPlan,
  type ExecutionRequest,
  type Executor,
  type UnexecutedResult,
} from './execute-exchange.ts';
import { NO_SINK } from './no-sink.ts';
import type { Outcome } from './outcome.ts';
import { PrepareExchange, type Preparer, refusedOutcome } from './prepare-exchange.ts';
import { ResultReader } from './result-reader.ts';
import type { ResultSink } from './result-sink.ts';
import type { LoggedIn } from '../../wire/login/log-in.ts';
import { SESSION_START } from './session-start.ts';
import type { StatementAllowance } from './statement-allowance.ts';
import { StatementCache, type StatementKey } from './statement-cache.ts';
import { StatementNumbers } from './statement-numbers.ts';

export interface ServerConnectionOptions {
  readonly server: BackendServer;
  readonly user: string;
  readonly traits: ConnectionTraits;
  readonly killer: StatementKiller;
  /** Prepared statements that it keeps open. */
  readonly preparedStatements: number;
  /** What it may keep beyond them. */
  readonly sharedStatements: StatementAllowance;
}

/** Largest body that is sent before it is known that its statement can be prepared. */
const LONGEST_BODY = 64 * 1024;

/** Every user may select it, and nothing moves in it. */
const NEUTRAL_DATABASE = 'information_schema';

/** A session at a server. */
export class ServerConnection implements BackendConnection {
  readonly server: BackendServer;
  readonly user: string;
  readonly traits: ConnectionTraits;
  readonly threadId: number;
  readonly serverVersion: string;
  readonly #runner: CommandRunner;
  readonly #statements: StatementCache;
  readonly #numbers = new StatementNumbers();
  readonly #executePrefix = executePrefix();
  /** One for all executions. */
  readonly #executor: Executor = {
    keyOf: ({ statement, surroundings }) => this.#statementKey(statement.key, surroundings),
    plan: (key, request) => this.#planExecution(key, request),
    sendPrepare: (prepared) => this.#runner.send(prepareCommand(prepared)),
    sendExecute: (id, body) => this.#sendExecute(id, body),
    reader: (sink) => new ResultReader(sink, this.#runner),
    keep: (key, prepared) =>
      this.#keep(key, prepared).forEach((id) => this.#runner.postpone(closeStatementCommand(id))),
    goOn: (result, request) => this.#executeAfter(result, request),
  };

  constructor(session: LoggedIn, options: ServerConnectionOptions) {
    const { threadId, serverVersion, capabilities, channel, status } = session;
    this.server = options.server;
    this.user = options.user;
    this.traits = options.traits;
    this.threadId = threadId;
    this.serverVersion = serverVersion;
    this.#statements = new StatementCache(options.preparedStatements, options.sharedStatements);
    this.#runner = new CommandRunner(channel, {
      pod: options.server.pod,
      threadId,
      capabilities,
      killer: options.killer,
    });
    this.#runner.state.status = status;
    void this.#runner.ended.then(() => this.#statements.clear());
  }

  get database(): string | null {
    return this.#runner.state.database;
  }

  get variables(): VariableState {
    return this.#runner.state.variables;
  }

  get status(): number {
    return this.#runner.state.status;
  }

  get failure(): BackendError | undefined {
    return this.#runner.failure;
  }

  get ended(): Promise<BackendError> {
    return this.#runner.ended;
  }

  get isClean(): boolean {
    return this.#runner.state.isClean && !this.#runner.isBusy;
  }

  query(
    statement: Buffer,
    sink: ResultSink,
    surroundings: Surroundings,
    signal: AbortSignal,
  ): Promise<Outcome> {
    return this.#runner.run(signal, () => {
      const prelude = this.#runner.planPrelude(surroundings);
      this.#numbers.afterText(statement);
      if (prelude === null) {
        this.#runner.send(statement, QUERY_PREFIX);
        return new ResultReader(sink, this.#runner);
      }
      this.#runner.send(queryCommand(prelude.text, statement));
      return new ResultReader(sink, this.#runner, { prelude: prelude.effects.length });
    });
  }

  prepare(statement: Buffer, surroundings: Surroundings, signal: AbortSignal): Promise<Preparation> {
    const { promise, resolve, reject } = Promise.withResolvers<Preparation>();
    const text = statement.toString('latin1');
    const keyOf = (): StatementKey => this.#statementKey(text, surroundings);
    const preparer: Preparer = {
      find: () => this.#statements.find(keyOf()),
      sendPrelude: (known) => this.#runner.sendPrelude(known ? withoutDatabase(surroundings) : surroundings),
      sendPrepare: () => this.#runner.send(prepareCommand(statement)),
      preludeEnded: (outcome) => this.#runner.preludeEnded(outcome),
      keep: (prepared) => this.#keep(keyOf(), prepared).forEach((id) => this.closeStatement(id)),
      close: (id) => this.closeStatement(id),
    };
    this.#runner.add(new PrepareExchange(preparer, resolve, reject), signal);
    return promise;
  }

  execute(statementId: number, body: Buffer, sink: ResultSink, signal: AbortSignal): Promise<Outcome> {
    return this.#runner.run(signal, () => {
      this.#sendExecute(statementId, body);
      return new ResultReader(sink, this.#runner);
    });
  }

  executeText(
    statement: ExecutableStatement,
    sink: ResultSink,
    surroundings: Surroundings,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const exchange = new ExecuteExchange(this.#executor, { statement, sink, surroundings, signal });
    this.#runner.add(exchange, signal);
    return exchange.outcome;
  }

  /** What is left to do of a statement that was not executed at once. */
  async #executeAfter(
    result: UnexecutedResult,
    { statement: { text, body }, sink, surroundings, signal }: ExecutionRequest,
  ): Promise<Outcome> {
    switch (result.kind) {
      case 'refused':
        sink.error(result.error, result.payload);
        return refusedOutcome(result.error);
      case 'prepared':
        return this.execute(result.statementId, body, sink, signal);
      case 'later': {
        const preparation = await this.prepare(text, surroundings, signal);
        if (preparation.kind === 'prepared') {
          return this.execute(preparation.statement.id, body, sink, signal);
        }
        if (preparation.outcome.error !== undefined) {
          sink.error(preparation.outcome.error, preparation.payload);
        }
        return preparation.outcome;
      }
      default:
        return assertNever(result);
    }
  }

  #planExecution(
    key: StatementKey,
    { statement: { text, qualified, body }, surroundings: { database, variables, first } }: ExecutionRequest,
  ): ExecutionPlan {
    if (first !== undefined || (variables !== undefined && variables.key !== this.variables.key)) {
      return { kind: 'later' };
    }
    const known = this.#statements.find(key);
    if (known !== undefined) {
      return { kind: 'known', statementId: known.id };
    }
    const statementId = this.#numbers.next;
    if (statementId === null || body.length > LONGEST_BODY) {
      return { kind: 'later' };
    }
    const isThere = database === undefined || database === this.database;
    const prepared = isThere ? text : qualified?.();
    return prepared === undefined ? { kind: 'later' } : { kind: 'fresh', text: prepared, statementId };
  }

  #statementKey(text: string, { database, variables = this.variables }: Surroundings): StatementKey {
    return { text, database: database ?? this.database ?? '', variables: variables.key };
  }

  /** Returns the numbers of those that are to be closed for it. */
  #keep(key: StatementKey, prepared: PreparedStatement): number[] {
    this.#numbers.afterPrepared(prepared.id);
    return this.#statements.add(key, prepared);
  }

  #sendExecute(statementId: number, body: Buffer): void {
    this.#noteCursor(statementId, body);
    this.#executePrefix.writeUInt32LE(statementId, 1);
    this.#runner.send(body, this.#executePrefix);
  }

  /** The first byte asks for a cursor, which lives as long as the statement. */
  #noteCursor(statementId: number, body: Buffer): void {
    if (body[0] === 0) {
      this.#statements.release(statementId);
    } else {
      this.#statements.hold(statementId);
    }
  }

  sendLongData(statementId: number, parameter: number, piece: Buffer): void {
    this.#statements.hold(statementId);
    this.#runner.tell(longDataCommand(statementId, parameter, piece));
  }

  fetch(statementId: number, count: number, sink: ResultSink, signal: AbortSignal): Promise<Outcome> {
    return this.#runner.run(signal, () => {
      this.#runner.send(fetchCommand(statementId, count));
      return new ResultReader(sink, this.#runner, { place: 'rows' });
    });
  }

  resetStatement(statementId: number, signal: AbortSignal): Promise<Outcome> {
    return this.#runner.run(signal, () => {
      this.#statements.release(statementId);
      this.#runner.send(resetStatementCommand(statementId));
      return new ResultReader(NO_SINK, this.#runner);
    });
  }

  closeStatement(statementId: number): void {
    this.#statements.remove(statementId);
    this.#runner.tell(closeStatementCommand(statementId));
  }

  noteVariables(variables: VariableState): void {
    this.#runner.state.noteVariables(variables);
  }

  put(surroundings: Surroundings, signal: AbortSignal): Promise<Outcome | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome | undefined>();
    let reader: ResultReader | null = null;
    this.#runner.add(
      {
        begin: () => {
          reader = this.#runner.sendPrelude(surroundings);
          return reader === null ? [] : [reader];
        },
        end: () => {
          const outcome = reader?.outcome();
          if (outcome !== undefined) {
            this.#runner.preludeEnded(outcome);
          }
          resolve(outcome);
        },
        fail: reject,
      },
      signal,
    );
    return promise;
  }

  async leave(databases: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    if (this.#runner.isBusy || this.#runner.state.isInTransaction) {
      return;
    }
    for (const id of this.#statements.preparedIn(databases)) {
      this.closeStatement(id);
    }
    if (this.database !== null && databases.has(this.database)) {
      await this.put({ database: NEUTRAL_DATABASE }, signal);
    }
  }

  async reset(signal: AbortSignal): Promise<void> {
    await this.#runner.runPlain(plainCommand(COMMAND.resetConnection), signal);
    this.#statements.clear();
    this.#numbers.forget();
    await this.#runner.runPlain(queryCommand('', SESSION_START), signal);
    this.#runner.state.afterReset();
  }

  ping(signal: AbortSignal): Promise<void> {
    return this.#runner.runPlain(plainCommand(COMMAND.ping), signal);
  }

  cancel(signal: AbortSignal): Promise<void> {
    return this.#runner.cancel(signal);
  }

  destroy(reason: BackendError): void {
    this.#runner.destroy(reason);
  }
}

function withoutDatabase({ variables, first }: Surroundings): Surroundings {
  return {
    ...(variables === undefined ? {} : { variables }),
    ...(first === undefined ? {} : { first }),
  };
}
