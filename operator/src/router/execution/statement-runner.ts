import type { BackendConnection, Surroundings } from '../backend/backend-connection.ts';
import type { Edit } from '../sql/rewrite.ts';
import { NO_HINT } from '../routing/statement-hint.ts';
import { planFunctionEdits } from '../routing/function-edits.ts';
import { decideRoute } from '../routing/decide-route.ts';
import { describeRoute, ROUTE_COLUMNS } from '../routing/describe-route.ts';
import type { Place, Route } from '../routing/route.ts';
import type { RoutingInput } from '../routing/routing-input.ts';
import type { RoutingPlans } from '../routing/routing-plan.ts';
import type { Session } from '../session/session.ts';
import type { Dialect } from '../sql/dialect.ts';
import type { ParsedStatement } from '../sql/parsed-statement.ts';
import { locate } from '../topology/topology.ts';
import { decodeColumn } from '../wire/column-definition.ts';
import { assertNever } from '../../runtime/assert-never.ts';
import { CollectingAnswer } from './collecting-answer.ts';
import { Execution } from './execution.ts';
import { ANY_READ } from './own-access.ts';
import type { Environment } from './environment.ts';
import { clientError } from './errors.ts';
import { answerLocally } from './local-answer.ts';
import { quoteText } from './parameter-values.ts';
import { RelaySink } from './relay-sink.ts';
import { RowPayloadsSink } from './row-payloads-sink.ts';
import { createBinaryWriter, createTextWriter, type RowWriter } from './row-writer.ts';
import { runDefinition } from './run-definition.ts';
import { runReferenceWrite } from './run-reference-write.ts';
import { runScatter, SCATTER_CAPS } from './run-scatter.ts';
import { runSingle } from './run-single.ts';
import { runSplit } from './run-split.ts';
import { systemSchemaText } from './system-schema-text.ts';
import { runSessionStatement } from './session-statements/run-session-statement.ts';
import type { SessionStatements } from './session-statements/session-statements.ts';
import type { Statement } from './statement.ts';
import { usesNamedLocks } from './refuse-shape.ts';
import { runNamedLock } from './run-named-lock.ts';
import { editedText, inlineParameters } from './statement-text.ts';
import { beginImplicitly } from './transactions.ts';

/** A route that can be run. */
type Decided = Exclude<Route, { readonly kind: 'needsIds' | 'needsCatalog' }>;

/** Most rounds of deciding: ids, and the catalog of each keyspace that is mentioned. */
const MAX_ROUNDS = 8;

/** Runs the statements of one session, one at a time. */
export class StatementRunner implements SessionStatements {
  readonly execution: Execution;

  constructor(environment: Environment, session: Session) {
    this.execution = new Execution(environment, session);
  }

  /** How the session's statements are read. */
  dialect(): Dialect {
    const { session, environment } = this.execution;
    const isAnsi = session.hasMode('ANSI');
    return {
      charset: session.charset === 'latin1' ? 'latin1' : 'utf8mb4',
      ansiQuotes: isAnsi || session.hasMode('ANSI_QUOTES'),
      noBackslashEscapes: session.hasMode('NO_BACKSLASH_ESCAPES'),
      pipesAsConcat: isAnsi || session.hasMode('PIPES_AS_CONCAT'),
      highNotPrecedence: session.hasMode('HIGH_NOT_PRECEDENCE'),
      serverVersion: environment.facts().version,
    };
  }

  parse(text: Buffer, from = 0): ParsedStatement<RoutingPlans> {
    return this.execution.environment.parser.parse(text, this.dialect(), from);
  }

  /** Routes a statement and runs it; its answer is complete when this resolves. Throws ClientError. */
  async run(statement: Statement, signal: AbortSignal): Promise<void> {
    const { session, environment } = this.execution;
    if (concernsRows(statement)) {
      beginImplicitly(session);
    }
    const route = await this.route(statement, signal);
    environment.metrics.routed(route.kind);
    const isShared = route.kind === 'single' && !usesNamedLocks(statement.parsed.shape);
    if (statement.parameters !== null && !isShared) {
      const text = inlineParameters(
        statement.parsed.sql,
        statement.parsed.dialect,
        statement.parameters.sqlText,
      );
      await this.run({ ...statement, parsed: this.parse(text), parameters: null }, signal);
      return;
    }
    await this.#runRoute(statement, route, signal);
  }

  async #runRoute(statement: Statement, route: Decided, signal: AbortSignal): Promise<void> {
    const { execution } = this;
    switch (route.kind) {
      case 'single':
        if (statement.isBinary && statement.parameters === null) {
          await this.#relayAsBinary(statement, route, signal);
          return;
        }
        if (usesNamedLocks(statement.parsed.shape) && statement.parameters === null) {
          return runNamedLock(execution, statement, editedText(statement, route.edits), signal);
        }
        return runSingle(execution, statement, route, signal);
      case 'split':
        return runSplit(execution, statement, route, signal);
      case 'scatter':
        return runScatter(execution, statement, route, this.#writer(statement), signal);
      case 'referenceWrite':
        return runReferenceWrite(execution, statement, route, signal);
      case 'definition':
        await runDefinition(execution, statement, route, signal);
        execution.environment.catalogs.invalidate(route.keyspace);
        return;
      case 'systemSchema':
        return this.runText(
          systemSchemaText(execution, statement, this.#functionEdits(statement)),
          { kind: 'unsharded', keyspace: this.#introspectedKeyspace() },
          statement,
          signal,
        );
      case 'described': {
        const { keyspaces, places } = execution.topology();
        const description = describeRoute(route.route, keyspaces, (name) => places.get(name)?.homeShard ?? 0);
        const rows = [ROUTE_COLUMNS.map((column) => description[column])];
        const status = execution.status(statement.hasMore);
        answerLocally(statement.answer, { columns: ROUTE_COLUMNS, rows }, status, statement.isBinary);
        return;
      }
      case 'session':
        return runSessionStatement(this, statement, statement.parsed.shape, signal);
      case 'refused': {
        execution.environment.metrics.refused(String(route.errno));
        const message = route.hint === '' ? route.message : `${route.message}. ${route.hint}`;
        execution.failed();
        statement.answer.error({ errno: route.errno, sqlState: route.sqlState, message });
        return;
      }
      default:
        return assertNever(route);
    }
  }

  /** Decides where a statement goes, with ids and the newest tables where these are needed. */
  async route(statement: Pick<Statement, 'parsed' | 'parameters'>, signal: AbortSignal): Promise<Decided> {
    const { environment } = this.execution;
    let firstGeneratedId: bigint | null = null;
    let catalogIsFresh = false;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const route = decideRoute(
        statement.parsed,
        this.#routingInput(statement, { firstGeneratedId, catalogIsFresh }),
      );
      if (route.kind === 'needsIds') {
        firstGeneratedId = await environment.ids.take(route.count, environment.signal);
      } else if (route.kind === 'needsCatalog') {
        await this.#loadCatalog(route.keyspace, signal);
        catalogIsFresh = true;
      } else {
        return route;
      }
    }
    throw clientError(
      'unknown',
      'Shardwright could not decide where the statement goes: tables change all the time',
    );
  }

  async #loadCatalog(name: string, signal: AbortSignal): Promise<void> {
    const keyspace = this.execution.topology().keyspaces.get(name);
    if (keyspace !== undefined) {
      await this.execution.environment.catalogs.load(keyspace, signal);
    }
  }

  #routingInput(
    { parameters }: Pick<Statement, 'parameters'>,
    known: Pick<RoutingInput, 'firstGeneratedId' | 'catalogIsFresh'>,
  ): RoutingInput {
    const { execution } = this;
    const { session, environment } = execution;
    const topology = execution.topology();
    return {
      ...known,
      session: {
        schema: session.schema,
        key: session.wishes.key,
        shard: session.wishes.shard,
        allowsKeylessWrites: false,
        keepsZeroIds: session.hasMode('NO_AUTO_VALUE_ON_ZERO'),
        functionText: (name) => this.#functionText(name),
      },
      keyspaces: topology.keyspaces,
      catalog: environment.catalogs.current,
      parameter: parameters === null ? null : parameters.literal,
      now: environment.clock.now(),
    };
  }

  /** DATABASE() and the like in a statement that routing leaves as it is. */
  #functionEdits(statement: Statement): readonly Edit[] {
    const { parsed } = statement;
    const input = this.#routingInput(statement, { firstGeneratedId: null, catalogIsFresh: false });
    const { keyspaces, catalog, session } = input;
    const planned = planFunctionEdits({
      statement: parsed,
      shape: parsed.shape,
      digest: parsed.entry.digest,
      schema: session.schema,
      keyspaces,
      catalog,
    });
    if (typeof planned !== 'function') {
      throw clientError('notSupported', planned.message);
    }
    return planned({
      statement: parsed,
      input,
      hint: NO_HINT,
      values: { literal: (index) => parsed.literal(index), parameter: input.parameter },
      key: null,
      shard: null,
      allowsKeylessWrites: false,
    });
  }

  #functionText(name: string): string | null {
    const { session } = this.execution;
    switch (name) {
      case 'DATABASE':
      case 'SCHEMA':
        return session.schema === null ? 'NULL' : quoteText(session.schema, this.dialect());
      case 'LAST_INSERT_ID':
        return String(session.last.insertId);
      case 'ROW_COUNT':
        return String(session.last.rowCount);
      case 'FOUND_ROWS':
        return String(session.last.foundRows);
      case 'CONNECTION_ID':
        return String(session.client.connectionId);
      default:
        return null;
    }
  }

  async runText(text: Buffer, place: Place, statement: Statement, signal: AbortSignal): Promise<void> {
    const { execution } = this;
    const { sink } = await execution.onShard(
      {
        locate: (topology) => locate(topology, place, () => execution.preferredShard(topology)),
        access: ANY_READ,
        consistency: 'Strong',
        transactional: false,
        sink: () =>
          statement.isBinary
            ? new RowPayloadsSink({ bytes: SCATTER_CAPS.receivedBytes })
            : new RelaySink(
                statement.answer,
                () => execution.answerEnd(statement.hasMore, undefined),
                signal,
              ),
        send: (connection: BackendConnection, receiver, surroundings: Surroundings, limit) =>
          connection.query(text, receiver, surroundings, limit),
      },
      signal,
    );
    if (sink.failure !== undefined) {
      execution.failed();
      statement.answer.packet(sink.failure.payload);
    } else if (sink instanceof RowPayloadsSink) {
      await this.#writeBinary(statement, sink, signal);
    }
  }

  /** A statement whose values had to be written into its text, for a client that expects the binary protocol. */
  async #relayAsBinary(
    statement: Statement,
    route: Extract<Route, { readonly kind: 'single' }>,
    signal: AbortSignal,
  ): Promise<void> {
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
    return isBinary ? createBinaryWriter(answer, status) : createTextWriter(answer, status);
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
      throw clientError('wrongValue', answer.failure.message, answer.failure);
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
