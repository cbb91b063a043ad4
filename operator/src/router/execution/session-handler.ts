/** One client's commands. */
import type { ClientAnswer } from '../client/client-answer.ts';
import { ClientError } from '../client/client-error.ts';
import type { ClientCommand, ClientFacts, CommandHandler, ShownSession } from '../client/command-handler.ts';
import { INITIAL_VARIABLES, type VariableState, withVariables } from '../session/session-variables.ts';
import { textLiteral } from '../session/session-variables.ts';
import { diagnosticOf, NO_DIAGNOSTICS } from '../session/diagnostics.ts';
import { Session } from '../session/session.ts';
import { CAPABILITY, hasCapability } from '../../wire/capabilities.ts';
import { COMMAND, commandName } from '../../wire/command-code.ts';
import { PLAIN_OK } from '../../wire/ok-packet.ts';
import { PayloadReader } from '../../wire/payload-reader.ts';
import type { SessionChanges } from '../../wire/session-changes.ts';
import type { Environment } from './environment.ts';
import type { RoutingPlans } from '../routing/routing-plan.ts';
import type { ParsedStatement } from '../sql/parsed-statement.ts';
import { clientError, refuseFeature } from './errors.ts';
import { listFields } from './field-list.ts';
import { PreparedStatements } from './prepared-statements.ts';
import { refusedFeatureOf } from './refuse-shape.ts';
import { useSchema } from './session-statements/run-session-statement.ts';
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
  /** The command under way. */
  #running: ClientCommand | null = null;
  /** Whether a text may have several statements: by the login, or by COM_SET_OPTION since. */
  #takesSeveral: boolean;

  constructor(environment: Environment, runner: StatementRunner) {
    this.#environment = environment;
    this.#runner = runner;
    this.#prepared = new PreparedStatements(runner);
    this.#takesSeveral = takesSeveral(runner.execution.session.client);
  }

  status(): number {
    return this.#runner.execution.status(false);
  }

  shown(): ShownSession {
    const { schema, progress } = this.#runner.execution.session;
    return { database: schema, statement: this.#statement(), progress };
  }

  /** The text under way. */
  #statement(): Buffer | null {
    switch (this.#running?.code) {
      case COMMAND.query:
        return this.#running.payload.subarray(1);
      case COMMAND.statementExecute:
        return this.#prepared.textOf(this.#running.payload);
      default:
        return null;
    }
  }

  takeChanges(): SessionChanges | null {
    return this.#runner.execution.session.tracking.take();
  }

  async handle(command: ClientCommand, answer: ClientAnswer, signal: AbortSignal): Promise<void> {
    const started = this.#environment.clock.monotonic();
    let failure = '';
    this.#running = command;
    try {
      const work = this.#dispatch(command.code, command.payload, answer, signal);
      if (work !== null) {
        await work;
      }
    } catch (error) {
      failure = error instanceof ClientError ? String(error.errno) : '1105';
      if (error instanceof ClientError) {
        this.#runner.execution.session.diagnostics = [diagnosticOf(error)];
      }
      throw error;
    } finally {
      this.#running = null;
      this.#environment.metrics.finished((this.#environment.clock.monotonic() - started) / 1000, failure);
    }
  }

  /** What there is to wait for; null when the command is done. */
  #dispatch(
    code: ClientCommand['code'],
    payload: Buffer,
    answer: ClientAnswer,
    signal: AbortSignal,
  ): Promise<void> | null {
    const prepared = this.#prepared;
    switch (code) {
      case COMMAND.query:
        return this.#query(payload.subarray(1), answer, signal);
      case COMMAND.fieldList:
        return listFields(this.#runner, payload, answer, signal);
      case COMMAND.processInfo:
        return this.#query(Buffer.from('SHOW PROCESSLIST'), answer, signal);
      case COMMAND.processKill:
        return this.#query(Buffer.from(`KILL ${new PayloadReader(payload, 1).uint32()}`), answer, signal);
      case COMMAND.initDatabase:
        useSchema(this.#runner, payload.subarray(1).toString());
        answer.ok({ ...PLAIN_OK, status: this.status() });
        return null;
      case COMMAND.statementPrepare:
        return prepared.prepare(payload.subarray(1), answer, signal);
      case COMMAND.statementExecute:
        return prepared.execute(payload, answer, signal);
      case COMMAND.statementSendLongData:
        prepared.sendLongData(payload);
        return null;
      case COMMAND.statementClose:
        prepared.close(payload);
        return null;
      case COMMAND.statementReset:
        prepared.reset(payload);
        answer.ok({ ...PLAIN_OK, status: this.status() });
        return null;
      case COMMAND.resetConnection:
        this.#reset();
        answer.ok({ ...PLAIN_OK, status: this.status() });
        return null;
      case COMMAND.setOption:
        this.#takesSeveral = readMultiStatements(payload);
        answer.endOfRows(this.status(), 0);
        return null;
      case COMMAND.binlogDump:
      case COMMAND.binlogDumpGtid:
      case COMMAND.tableDump:
      case COMMAND.registerReplica:
        throw refuseFeature('replicationCommands');
      case COMMAND.statistics:
        answer.packet(Buffer.from('Shardwright'));
        return null;
      default:
        throw clientError(
          'unknownCommand',
          `Shardwright does not support the command ${commandName(code) ?? code}`,
        );
    }
  }

  /** Runs the statements of one text one after the other; the first that fails is the last. */
  #query(text: Buffer, answer: ClientAnswer, signal: AbortSignal): Promise<void> {
    const parsed = this.#runner.parse(text, 0);
    if (parsed.next === null) {
      return this.#run(parsed, answer, signal, false);
    }
    if (!this.#takesSeveral) {
      this.#requireLast(text, parsed.next);
      return this.#run(parsed, answer, signal, false);
    }
    return this.#runNext(this.#run(parsed, answer, signal, true), parsed.next, text, answer, signal);
  }

  /** Throws where there is more than comments: what was slipped into a value must not become a statement. */
  #requireLast(text: Buffer, from: number): void {
    const { shape, next } = this.#runner.parse(text, from);
    if (shape.kind !== 'empty' || next !== null) {
      throw clientError(
        'syntax',
        'The text has several statements, and the client has not asked for that. Send them one by one, ' +
          "or set the driver's option for several statements (CLIENT_MULTI_STATEMENTS)",
      );
    }
  }

  /** Runs those from `from` on, once the one before has ended. */
  async #runNext(
    running: Promise<void>,
    from: number,
    text: Buffer,
    answer: ClientAnswer,
    signal: AbortSignal,
  ): Promise<void> {
    await running;
    const { execution } = this.#runner;
    let next: number | null = from;
    while (next !== null && !execution.hasFailed) {
      const parsed = this.#runner.parse(text, next);
      await this.#run(parsed, answer, signal, parsed.next !== null);
      next = parsed.next;
    }
  }

  #run(
    parsed: ParsedStatement<RoutingPlans>,
    answer: ClientAnswer,
    signal: AbortSignal,
    hasMore: boolean,
  ): Promise<void> {
    const refused = refusedFeatureOf(parsed.shape);
    if (refused !== null) {
      this.#environment.metrics.refused(refused);
      throw refuseFeature(refused);
    }
    const { execution } = this.#runner;
    execution.hasFailed = false;
    if (!asksForDiagnostics(parsed)) {
      execution.session.diagnostics = NO_DIAGNOSTICS;
    }
    return this.#runner.run({ parsed, parameters: null, answer, isBinary: false, hasMore }, signal);
  }

  #reset(): void {
    const { session } = this.#runner.execution;
    dropTransaction(session);
    this.#prepared.clear();
    const { client } = session;
    session.reset(initialVariables(this.#environment, client), charsetOf(this.#environment, client));
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

/** Whether a statement is about what the one before has left. */
function asksForDiagnostics({ shape }: ParsedStatement<RoutingPlans>): boolean {
  return (
    shape.kind === 'show' ||
    shape.systemVariables.some((name) => name === 'warning_count' || name === 'error_count')
  );
}

function takesSeveral({ capabilities }: ClientFacts): boolean {
  return hasCapability(capabilities, CAPABILITY.multiStatements);
}

/** What COM_SET_OPTION says: 0 for several statements in a text, 1 for one. */
function readMultiStatements(payload: Buffer): boolean {
  const option = new PayloadReader(payload, 1).uint16();
  if (option > 1) {
    throw clientError('unknownCommand', 'Unknown command');
  }
  return option === 0;
}

/** A session with what the client asked for at its login. */
async function openRunner(
  environment: Environment,
  client: ClientFacts,
  signal: AbortSignal,
): Promise<StatementRunner> {
  const credential = await environment.credentialOf(client, signal);
  const session = new Session(client, credential, sqlModeOf(environment, client));
  session.variables = initialVariables(environment, client);
  session.charset = charsetOf(environment, client);
  const runner = new StatementRunner(environment, session);
  if (client.database !== null && client.database !== '') {
    useSchema(runner, client.database);
  }
  return runner;
}

/** The character set that a client writes in by its login. */
function charsetOf(environment: Environment, { collation }: ClientFacts): string {
  return environment.facts().collations.get(collation)?.charset ?? 'utf8mb4';
}

/** Collations whose character set the router’s own connections have anyway. */
const UTF8MB4_GENERAL = 45;

/** sql_mode as a client asks for it by its login: the flag has no name of its own on a server. */
function sqlModeOf(environment: Environment, client: ClientFacts): string {
  const { sqlMode } = environment.facts();
  return ignoresSpace(client) ? `${IGNORE_SPACE},${sqlMode}` : sqlMode;
}

const IGNORE_SPACE = 'IGNORE_SPACE';

function ignoresSpace({ capabilities }: ClientFacts): boolean {
  return hasCapability(capabilities, CAPABILITY.ignoreSpace);
}

/** What a client asks for by its login, as variables of the session. */
function initialVariables(environment: Environment, client: ClientFacts): VariableState {
  const { collation } = client;
  const wanted = environment.facts().collations.get(collation);
  const mode = ignoresSpace(client)
    ? withVariables(INITIAL_VARIABLES, [['sql_mode', textLiteral(sqlModeOf(environment, client))]])
    : INITIAL_VARIABLES;
  if (collation === UTF8MB4_GENERAL || wanted === undefined) {
    return mode;
  }
  const charset = textLiteral(wanted.charset);
  return withVariables(mode, [
    ['character_set_client', charset],
    ['character_set_connection', charset],
    ['character_set_results', charset],
    ['collation_connection', textLiteral(wanted.name)],
  ]);
}
