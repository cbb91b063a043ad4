/** One client's commands. */
import type { ClientAnswer } from '../client/client-answer.ts';
import { ClientError } from '../client/client-error.ts';
import type { ClientCommand, ClientFacts, CommandHandler } from '../client/command-handler.ts';
import { INITIAL_VARIABLES, type VariableState, withVariables } from '../session/session-variables.ts';
import { textLiteral } from '../session/session-variables.ts';
import { NO_DIAGNOSTICS } from '../session/diagnostics.ts';
import { Session } from '../session/session.ts';
import { COMMAND, commandName } from '../wire/command-code.ts';
import { PLAIN_OK } from '../wire/ok-packet.ts';
import type { Environment } from './environment.ts';
import { clientError, refuseFeature } from './errors.ts';
import { PreparedStatements } from './prepared-statements.ts';
import { refusedFeatureOf } from './refuse-shape.ts';
import { schemaChanged, useSchema } from './session-statements/run-session-statement.ts';
import { StatementRunner } from './statement-runner.ts';
import { dropTransaction } from './participants.ts';

/** Makes the session of a client that has logged in. Throws ClientError where its database is unknown. */
export async function openSession(
  environment: Environment,
  client: ClientFacts,
  signal: AbortSignal,
): Promise<CommandHandler> {
  return new SessionHandler(environment, await openRunner(environment, client, signal));
}

/** See CommandHandler. */
class SessionHandler implements CommandHandler {
  readonly #environment: Environment;
  #runner: StatementRunner;
  #prepared: PreparedStatements;

  constructor(environment: Environment, runner: StatementRunner) {
    this.#environment = environment;
    this.#runner = runner;
    this.#prepared = new PreparedStatements(runner);
  }

  status(): number {
    return this.#runner.execution.status(false);
  }

  async handle({ code, payload }: ClientCommand, answer: ClientAnswer, signal: AbortSignal): Promise<void> {
    const started = this.#environment.clock.monotonic();
    let failure = '';
    try {
      await this.#dispatch(code, payload, answer, signal);
    } catch (error) {
      failure = error instanceof ClientError ? String(error.errno) : '1105';
      throw error;
    } finally {
      this.#environment.metrics.finished((this.#environment.clock.monotonic() - started) / 1000, failure);
    }
  }

  async #dispatch(
    code: ClientCommand['code'],
    payload: Buffer,
    answer: ClientAnswer,
    signal: AbortSignal,
  ): Promise<void> {
    const prepared = this.#prepared;
    switch (code) {
      case COMMAND.query:
        return this.#query(payload.subarray(1), answer, signal);
      case COMMAND.initDatabase:
        useSchema(this.#runner, payload.subarray(1).toString());
        answer.ok(schemaChanged(this.#runner));
        return;
      case COMMAND.statementPrepare:
        return prepared.prepare(payload.subarray(1), answer, signal);
      case COMMAND.statementExecute:
        return prepared.execute(payload, answer, signal);
      case COMMAND.statementSendLongData:
        prepared.sendLongData(payload);
        return;
      case COMMAND.statementClose:
        prepared.close(payload);
        return;
      case COMMAND.statementReset:
        prepared.reset(payload);
        answer.ok({ ...PLAIN_OK, status: this.#runner.execution.status(false) });
        return;
      case COMMAND.resetConnection:
        this.#reset();
        answer.ok({ ...PLAIN_OK, status: this.#runner.execution.status(false) });
        return;
      case COMMAND.setOption:
        answer.endOfRows(this.status(), 0);
        return;
      case COMMAND.binlogDump:
      case COMMAND.binlogDumpGtid:
      case COMMAND.tableDump:
      case COMMAND.registerReplica:
        throw refuseFeature('replicationCommands');
      case COMMAND.statistics:
        answer.packet(Buffer.from('Shardwright'));
        return;
      default:
        throw clientError(
          'unknownCommand',
          `Shardwright does not support the command ${commandName(code) ?? code}`,
        );
    }
  }

  /** Runs the statements of one text one after the other; the first that fails is the last. */
  async #query(text: Buffer, answer: ClientAnswer, signal: AbortSignal): Promise<void> {
    for (let from: number | null = 0; from !== null;) {
      const parsed = this.#runner.parse(text, from);
      const refused = refusedFeatureOf(parsed.shape);
      if (refused !== null) {
        this.#environment.metrics.refused(refused);
        throw refuseFeature(refused);
      }
      const { execution } = this.#runner;
      execution.hasFailed = false;
      if (parsed.shape.kind !== 'show') {
        execution.session.diagnostics = NO_DIAGNOSTICS;
      }
      await this.#runner.run(
        { parsed, parameters: null, answer, isBinary: false, hasMore: parsed.next !== null },
        signal,
      );
      from = execution.hasFailed ? null : parsed.next;
    }
  }

  #reset(): void {
    const { session } = this.#runner.execution;
    dropTransaction(session);
    this.#prepared.clear();
    session.reset(initialVariables(this.#environment, session.client));
  }

  async changeUser(client: ClientFacts, signal: AbortSignal): Promise<void> {
    dropTransaction(this.#runner.execution.session);
    this.#runner.execution.session.releaseLocks();
    this.#runner = await openRunner(this.#environment, client, signal);
    this.#prepared = new PreparedStatements(this.#runner);
  }

  async close(): Promise<void> {
    dropTransaction(this.#runner.execution.session);
    this.#runner.execution.session.releaseLocks();
    this.#prepared.clear();
  }
}

/** A session with what the client asked for at its login. */
async function openRunner(
  environment: Environment,
  client: ClientFacts,
  signal: AbortSignal,
): Promise<StatementRunner> {
  const { sqlMode, collations } = environment.facts();
  const session = new Session(client, await environment.credentialOf(client, signal), sqlMode);
  session.variables = initialVariables(environment, client);
  session.charset = collations.get(client.collation)?.charset ?? session.charset;
  const runner = new StatementRunner(environment, session);
  if (client.database !== null && client.database !== '') {
    useSchema(runner, client.database);
  }
  return runner;
}

/** Collations whose character set the router’s own connections have anyway. */
const UTF8MB4_GENERAL = 45;

/** What a client asks for by its login, as variables of the session. */
function initialVariables(environment: Environment, { collation }: ClientFacts): VariableState {
  const wanted = environment.facts().collations.get(collation);
  if (collation === UTF8MB4_GENERAL || wanted === undefined) {
    return INITIAL_VARIABLES;
  }
  const charset = textLiteral(wanted.charset);
  return withVariables(INITIAL_VARIABLES, [
    ['character_set_client', charset],
    ['character_set_connection', charset],
    ['character_set_results', charset],
    ['collation_connection', textLiteral(wanted.name)],
  ]);
}
