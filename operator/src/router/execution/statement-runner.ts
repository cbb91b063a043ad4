import type { BackendConnection, Surroundings } from '../backend/backend-connection.ts';
import { describeRoute, ROUTE_COLUMNS } from '../routing/describe-route.ts';
import type { Place, Route, RouteOf } from '../routing/route.ts';
import type { RoutingPlans } from '../routing/routing-plan.ts';
import { diagnosticOf } from '../session/diagnostics.ts';
import type { Session } from '../session/session.ts';
import type { Dialect } from '../sql/dialect.ts';
import type { ParsedStatement } from '../sql/parsed-statement.ts';
import { locate } from '../topology/topology.ts';
import { decodeColumn } from '../../wire/column-definition.ts';
import { decodeError } from '../../wire/server-error.ts';
import { assertNever } from '../../runtime/assert-never.ts';
import { ClientError } from '../client/client-error.ts';
import { CollectingAnswer } from './collecting-answer.ts';
import { describedPlaces } from './described-places.ts';
import { Execution } from './execution.ts';
import { ANY_READ } from './own-access.ts';
import type { Environment } from './environment.ts';
import { clientError } from './errors.ts';
import { answerLocally } from './local-answer.ts';
import { RelaySink } from './relay-sink.ts';
import { RowPayloadsSink } from './row-payloads-sink.ts';
import { findSyntaxError } from './describe-statement.ts';
import { createBinaryWriter, createTextWriter, type RowWriter } from './row-writer.ts';
import { runLoad, runLoadThrough } from './load-data/run-load-data.ts';
import { runDefinition } from './run-definition.ts';
import { runReferenceWrite } from './run-reference-write.ts';
import { runScatter } from './scatter/run-scatter.ts';
import { SCATTER_CAPS } from './scatter/scatter-caps.ts';
import { runSingle } from './run-single.ts';
import { runSplit } from './run-split.ts';
import { dialectOf } from './session-dialect.ts';
import { type DecidedRoute, StatementRouter } from './statement-router.ts';
import { visibleProcesses } from './process-list.ts';
import { isProcessList, systemSchemaText } from './system-schema-text.ts';
import { runSessionStatement } from './session-statements/run-session-statement.ts';
import { RouteOutdated, unbindOutdated } from './route-outdated.ts';
import { answerFailure } from './server-message.ts';
import type { SessionStatements } from './session-statements/session-statements.ts';
import type { Statement } from './statement.ts';
import { usesNamedLocks } from './refuse-shape.ts';
import { runNamedLock } from './run-named-lock.ts';
import { editedText, inlineParameters } from './statement-text.ts';
import { beginImplicitly } from './transactions.ts';

/** Of what was answered at once. */
const DONE = Promise.resolve();

/** How often a statement is routed again, since the map has changed: slots are not split that fast. */
const OUTDATED_ATTEMPTS = 3;

/** Runs the statements of one session, one at a time. */
export class StatementRunner implements SessionStatements {
  readonly execution: Execution;
  readonly #router: StatementRouter;

  constructor(environment: Environment, session: Session) {
    this.execution = new Execution(environment, session);
    this.#router = new StatementRouter(this.execution);
  }

  dialect(): Dialect {
    return dialectOf(this.execution);
  }

  parse(text: Buffer, from = 0): ParsedStatement<RoutingPlans> {
    return this.execution.environment.parser.parse(text, this.dialect(), from);
  }

  /** Routes a statement and runs it; its answer is complete when this resolves. Throws ClientError. */
  async run(statement: Statement, signal: AbortSignal, attemptsLeft = OUTDATED_ATTEMPTS): Promise<void> {
    const { session, environment } = this.execution;
    if (concernsRows(statement)) {
      beginImplicitly(session);
    }
    const route = this.#router.routeAtOnce(statement) ?? (await this.#router.route(statement, signal));
    environment.metrics.routed(route.kind);
    const isShared = route.kind === 'single' && !usesNamedLocks(statement.parsed.shape);
    if (statement.parameters !== null && !isShared) {
      const { parsed, parameters } = statement;
      const text = inlineParameters(parsed.sql, parsed.dialect, (index) => parameters.sqlText(index));
      await this.run({ ...statement, parsed: this.parse(text), parameters: null }, signal);
      return;
    }
    try {
      await this.#runRoute(statement, route, signal);
    } catch (error) {
      const isAgain =
        error instanceof RouteOutdated && (error.isBeforeAll || route.kind === 'single') && attemptsLeft > 0;
      if (!isAgain) {
        throw error;
      }
      // It waited for a slot that was split meanwhile, and has not been sent.
      unbindOutdated(session);
      await this.run(statement, signal, attemptsLeft - 1);
    }
  }

  #runRoute(statement: Statement, route: DecidedRoute, signal: AbortSignal): Promise<void> {
    const { execution } = this;
    switch (route.kind) {
      case 'single':
        if (statement.isBinary && statement.parameters === null) {
          return this.#relayAsBinary(statement, route, signal);
        }
        if (usesNamedLocks(statement.parsed.shape) && statement.parameters === null) {
          return runNamedLock(execution, statement, editedText(statement, route.edits), signal);
        }
        return statement.parsed.shape.kind === 'loadData'
          ? runLoadThrough(execution, statement, route, signal)
          : runSingle(execution, statement, route, signal);
      case 'load':
        return runLoad(execution, statement, route, signal);
      case 'split':
        return runSplit(execution, statement, route, signal);
      case 'scatter':
        return runScatter(execution, statement, route, this.#writer(statement), signal);
      case 'referenceWrite':
        return runReferenceWrite(execution, statement, route, signal);
      case 'definition':
        return this.#runDefinition(statement, route, signal);
      case 'systemSchema':
        return this.#runSystemSchema(statement, signal);
      case 'described':
        this.#describe(statement, route.route);
        return DONE;
      case 'session':
        return runSessionStatement(this, statement, statement.parsed.shape, signal);
      case 'refused':
        return this.#refuse(statement, route, signal);
      default:
        return assertNever(route);
    }
  }

  async #refuse(statement: Statement, route: RouteOf<'refused'>, signal: AbortSignal): Promise<void> {
    const { execution } = this;
    execution.environment.metrics.refused(String(route.errno));
    const mistake =
      statement.parsed.shape.kind === 'unknown'
        ? await findSyntaxError(execution, statement.parsed, signal)
        : undefined;
    if (mistake !== undefined) {
      answerFailure(execution, statement.answer, { error: decodeError(mistake), payload: mistake });
      return;
    }
    const message = route.hint === '' ? route.message : `${route.message}. ${route.hint}`;
    const error = { errno: route.errno, sqlState: route.sqlState, message };
    execution.failed();
    execution.session.diagnostics = [diagnosticOf(error)];
    statement.answer.error(error);
  }

  async #runDefinition(
    statement: Statement,
    route: RouteOf<'definition'>,
    signal: AbortSignal,
  ): Promise<void> {
    await runDefinition(this.execution, statement, route, signal);
    this.execution.environment.catalogs.invalidate(route.keyspace);
  }

  async #runSystemSchema(statement: Statement, signal: AbortSignal): Promise<void> {
    const { execution } = this;
    const processes = statement.parsed.shape.tables.some(isProcessList)
      ? await visibleProcesses(execution, signal)
      : [];
    const edits = this.#router.functionEdits(statement);
    const text = systemSchemaText(execution, statement, edits, processes);
    const place: Place = { kind: 'unsharded', keyspace: this.#introspectedKeyspace() };
    await this.runText(text, place, statement, signal);
  }

  #describe({ answer, hasMore, isBinary }: Statement, route: Route): void {
    const { execution } = this;
    const description = describeRoute(route, execution.topology().keyspaces, describedPlaces(execution));
    const rows = [ROUTE_COLUMNS.map((column) => description[column])];
    answerLocally(answer, { columns: ROUTE_COLUMNS, rows }, execution.status(hasMore), isBinary);
  }

  async runText(text: Buffer, place: Place, statement: Statement, signal: AbortSignal): Promise<void> {
    const { execution } = this;
    const { sink } = await execution.onShard(
      {
        locate: (topology) => locate(topology, place, (among) => execution.preferredShard(topology, among)),
        access: ANY_READ,
        consistency: 'Strong',
        transactional: false,
        sink: () =>
          statement.isBinary
            ? new RowPayloadsSink(SCATTER_CAPS.keptBytes)
            : new RelaySink(
                statement.answer,
                () => execution.answerEnd(statement.hasMore),
                execution.topology().keyspaces,
                signal,
              ),
        send: (connection: BackendConnection, receiver, surroundings: Surroundings, limit) =>
          connection.query(text, receiver, surroundings, limit),
      },
      signal,
    );
    if (sink.failure !== undefined) {
      answerFailure(execution, statement.answer, sink.failure);
    } else if (sink instanceof RowPayloadsSink) {
      await this.#writeBinary(statement, sink, signal);
    }
  }

  /** A statement whose values had to be written into its text, for a client that expects the binary protocol. */
  async #relayAsBinary(statement: Statement, route: RouteOf<'single'>, signal: AbortSignal): Promise<void> {
    const answer = new CollectingAnswer(this.execution.session.traits.extendedMetadata);
    await runSingle(this.execution, { ...statement, answer }, route, signal);
    if (answer.failure !== undefined) {
      statement.answer.error(answer.failure);
      return;
    }
    if (answer.completion !== undefined) {
      statement.answer.ok(answer.completion);
      return;
    }
    const writer = this.#writer(statement);
    writer.columns(answer.columnDefinitions);
    await writer.rows(answer.payloads, signal);
    writer.end(this.execution.status(statement.hasMore), 0);
  }

  async #writeBinary(statement: Statement, sink: RowPayloadsSink, signal: AbortSignal): Promise<void> {
    const writer = this.#writer(statement);
    writer.columns(
      sink.definitions.map((definition) => decodeColumn(definition, statement.answer.capabilities)),
    );
    await writer.rows(sink.payloads, signal);
    writer.end(this.execution.status(statement.hasMore), sink.warnings);
  }

  #writer({ answer, hasMore, isBinary }: Statement): RowWriter {
    const status = (): number => this.execution.status(hasMore);
    return (isBinary ? createBinaryWriter : createTextWriter)(
      answer,
      status,
      this.execution.topology().keyspaces,
    );
  }

  async runClientText(text: Buffer, statement: Statement, signal: AbortSignal): Promise<void> {
    await this.run({ ...statement, parsed: this.parse(text), parameters: null }, signal);
  }

  async select(text: string, statement: Statement, signal: AbortSignal): Promise<CollectingAnswer> {
    const { session } = this.execution;
    const answer = new CollectingAnswer(session.traits.extendedMetadata);
    const bytes = Buffer.from(text, session.charset === 'latin1' ? 'latin1' : 'utf8');
    await this.run(
      { ...statement, answer, parsed: this.parse(bytes), parameters: null, isBinary: false },
      signal,
    );
    if (answer.failure !== undefined) {
      const { errno, sqlState, message } = answer.failure;
      throw new ClientError(errno, sqlState, message);
    }
    return answer;
  }

  /** The keyspace whose home shard answers for information_schema. */
  #introspectedKeyspace(): string {
    const { session } = this.execution;
    const { keyspaces } = this.execution.topology();
    const first = keyspaces.keys().next().value;
    const keyspace = session.schema !== null && keyspaces.has(session.schema) ? session.schema : first;
    if (keyspace === undefined) {
      throw clientError('unknown', 'The cluster has no keyspace');
    }
    return keyspace;
  }
}

function concernsRows({ parsed }: Statement): boolean {
  switch (parsed.shape.kind) {
    case 'select':
      return parsed.shape.tables.length > 0;
    case 'insert':
    case 'update':
    case 'delete':
    case 'loadData':
    case 'call':
      return true;
    default:
      return false;
  }
}
