/** The one implementation of {@link BackendConnection}. */
import type { VariableState } from '../session/session-variables.ts';
import { COMMAND } from '../wire/command-code.ts';
import type {
  BackendConnection,
  BackendServer,
  ConnectionTraits,
  Preparation,
  Surroundings,
} from './backend-connection.ts';
import type { BackendError } from './backend-error.ts';
import { CommandRunner, type StatementKiller } from './command-runner.ts';
import {
  closeStatementCommand,
  executeCommand,
  fetchCommand,
  longDataCommand,
  plainCommand,
  prepareCommand,
  queryCommand,
  resetStatementCommand,
} from './commands.ts';
import { NO_SINK } from './no-sink.ts';
import type { Outcome } from './outcome.ts';
import { PrepareExchange, type Preparer } from './prepare-exchange.ts';
import { ResultReader } from './result-reader.ts';
import type { ResultSink } from './result-sink.ts';
import type { LoggedIn } from './server-login.ts';
import { SESSION_START } from './session-start.ts';
import { StatementCache } from './statement-cache.ts';

export interface ServerConnectionOptions {
  readonly server: BackendServer;
  readonly user: string;
  readonly traits: ConnectionTraits;
  readonly killer: StatementKiller;
  /** Prepared statements that it keeps open. */
  readonly preparedStatements: number;
}

/** A session at a server. */
export class ServerConnection implements BackendConnection {
  readonly server: BackendServer;
  readonly user: string;
  readonly traits: ConnectionTraits;
  readonly threadId: number;
  readonly serverVersion: string;
  readonly #runner: CommandRunner;
  readonly #statements: StatementCache;

  constructor(session: LoggedIn, options: ServerConnectionOptions) {
    const { threadId, serverVersion, capabilities, channel, status } = session;
    this.server = options.server;
    this.user = options.user;
    this.traits = options.traits;
    this.threadId = threadId;
    this.serverVersion = serverVersion;
    this.#statements = new StatementCache(options.preparedStatements);
    this.#runner = new CommandRunner(channel, {
      pod: options.server.pod,
      threadId,
      capabilities,
      killer: options.killer,
    });
    this.#runner.state.status = status;
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
      this.#runner.send(queryCommand(prelude?.text ?? '', statement));
      return new ResultReader(sink, this.#runner, { prelude: prelude?.effects.length ?? 0 });
    });
  }

  prepare(statement: Buffer, surroundings: Surroundings, signal: AbortSignal): Promise<Preparation> {
    const { promise, resolve, reject } = Promise.withResolvers<Preparation>();
    const keyOf = (): string => {
      const { database = this.database, variables = this.variables } = surroundings;
      return `${database ?? ''}\0${variables.key}\0${statement.toString('latin1')}`;
    };
    const preparer: Preparer = {
      find: () => this.#statements.find(keyOf()),
      sendPrelude: (known) => this.#runner.sendPrelude(known ? withoutDatabase(surroundings) : surroundings),
      sendPrepare: () => this.#runner.send(prepareCommand(statement)),
      preludeEnded: (outcome) => this.#runner.preludeEnded(outcome),
      keep: (prepared) => this.#statements.add(keyOf(), prepared).forEach((id) => this.closeStatement(id)),
      close: (id) => this.closeStatement(id),
    };
    this.#runner.add(new PrepareExchange(preparer, resolve, reject), signal);
    return promise;
  }

  execute(statementId: number, body: Buffer, sink: ResultSink, signal: AbortSignal): Promise<Outcome> {
    return this.#runner.run(signal, () => {
      // The first byte asks for a cursor, which lives as long as the statement.
      if (body[0] === 0) {
        this.#statements.release(statementId);
      } else {
        this.#statements.hold(statementId);
      }
      this.#runner.send(executeCommand(statementId, body));
      return new ResultReader(sink, this.#runner);
    });
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

  async reset(signal: AbortSignal): Promise<void> {
    await this.#runner.runPlain(plainCommand(COMMAND.resetConnection), signal);
    this.#statements.clear();
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
