import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import type { Edit } from '../sql/rewrite.ts';
import { NO_HINT } from '../routing/statement-hint.ts';
import { planFunctionEdits } from '../routing/function-edits.ts';
import { decideRoute } from '../routing/decide-route.ts';
import type { Route } from '../routing/route.ts';
import type { RoutingInput, RoutingSession } from '../routing/routing-input.ts';
import { ClientError } from '../client/client-error.ts';
import { OwnStatementError } from '../topology/own-account.ts';
import { clientError } from './errors.ts';
import type { Execution } from './execution.ts';
import { holdWhile } from './hold-while.ts';
import { quoteText } from './parameter-values.ts';
import { dialectOf } from './session-dialect.ts';
import type { Statement } from './statement.ts';

/** A route that can be run. */
export type DecidedRoute = Exclude<Route, { readonly kind: 'needsIds' | 'needsCatalog' }>;

/** Most rounds of deciding: ids, and the catalog of each keyspace that is mentioned. */
const MAX_ROUNDS = 8;

/** What is known before anything was asked for. */
const NOTHING_ASKED = { firstGeneratedId: null, catalogIsFresh: false } as const;

/** Finds out where the statements of one session go. */
export class StatementRouter {
  readonly #execution: Execution;
  readonly #session: RoutingSession;

  constructor(execution: Execution) {
    this.#execution = execution;
    this.#session = new RoutedSession(execution);
  }

  /** As {@link route}, where nothing has to be asked for to decide it; null otherwise. */
  routeAtOnce(statement: Pick<Statement, 'parsed' | 'parameters'>): DecidedRoute | null {
    const route = decideRoute(statement.parsed, this.#routingInput(statement, NOTHING_ASKED));
    return route.kind === 'needsIds' || route.kind === 'needsCatalog' ? null : route;
  }

  /** Decides where a statement goes, with ids and the newest tables where these are needed. */
  async route(
    statement: Pick<Statement, 'parsed' | 'parameters'>,
    signal: AbortSignal,
  ): Promise<DecidedRoute> {
    const { environment } = this.#execution;
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

  /** Tables are read at a primary. While there is none, the statement waits as it would to be run itself. */
  async #loadCatalog(name: string, signal: AbortSignal): Promise<void> {
    const { environment } = this.#execution;
    const keyspace = this.#execution.topology().keyspaces.get(name);
    if (keyspace === undefined) {
      return;
    }
    await holdWhile(
      environment,
      async () => {
        try {
          await environment.catalogs.load(keyspace, signal);
          return { kind: 'done', value: undefined };
        } catch (error) {
          signal.throwIfAborted();
          if (error instanceof OwnStatementError || error instanceof ClientError) {
            throw error;
          }
          const message = `the tables of ${name} cannot be read`;
          return { kind: 'wait', reason: { cause: 'NoPrimary', message, error } };
        }
      },
      signal,
    );
  }

  #routingInput(
    { parameters }: Pick<Statement, 'parameters'>,
    known: Pick<RoutingInput, 'firstGeneratedId' | 'catalogIsFresh'>,
  ): RoutingInput {
    const execution = this.#execution;
    const { environment } = execution;
    return {
      session: this.#session,
      keyspaces: execution.topology().keyspaces,
      catalog: environment.catalogs.current,
      catalogIsFresh: known.catalogIsFresh,
      parameter: parameters === null ? null : (index) => parameters.literal(index),
      firstGeneratedId: known.firstGeneratedId,
      now: environment.clock.now(),
    };
  }

  /** DATABASE() and the like in a statement that routing leaves as it is. */
  functionEdits(statement: Statement): readonly Edit[] {
    const { parsed } = statement;
    const input = this.#routingInput(statement, NOTHING_ASKED);
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
}

/** What routing asks of a session, as it is when it is asked. */
class RoutedSession implements RoutingSession {
  readonly allowsKeylessWrites = false;
  readonly #execution: Execution;

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  get schema(): string | null {
    return this.#execution.session.schema;
  }

  get key(): KeyLiteral | null {
    return this.#execution.session.wishes.key;
  }

  get shard(): number | null {
    return this.#execution.session.wishes.shard;
  }

  get keepsZeroIds(): boolean {
    return this.#execution.session.hasMode('NO_AUTO_VALUE_ON_ZERO');
  }

  functionText(name: string): string | null {
    const { session } = this.#execution;
    switch (name) {
      case 'DATABASE':
      case 'SCHEMA':
        return session.schema === null ? 'NULL' : quoteText(session.schema, dialectOf(this.#execution));
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
}
