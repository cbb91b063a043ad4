import type { ConsistencyLevel } from '../../api/v1alpha1/index.ts';
import type { BackendConnection, Surroundings } from '../backend/backend-connection.ts';
import type { Completion, Outcome } from '../backend/outcome.ts';
import type { Access, Place, RouteOf } from '../routing/route.ts';
import { qualifyingEdit } from '../routing/qualified-table.ts';
import type { Session } from '../session/session.ts';
import type { Edit } from '../sql/rewrite.ts';
import type { StatementShape } from '../sql/statement-shape.ts';
import { locate, type Location, type Topology } from '../topology/topology.ts';
import { CollectingSink } from './collecting-sink.ts';
import type { Execution } from './execution.ts';
import { mayNameId, rememberedInsertId, setsInsertId, toldInsertId } from './insert-id.ts';
import { ownVariableEdits } from './own-variable-edits.ts';
import { bindingPlaceOf } from './place-description.ts';
import { RelaySink } from './relay-sink.ts';
import { answerFailure } from './server-message.ts';
import type { ShardRequest } from './shard-request.ts';
import type { Statement } from './statement.ts';
import { editedText } from './statement-text.ts';

/** Runs a statement in one database; its answer is the client's, rows undecoded. Throws, or rejects. */
export function runSingle(
  execution: Execution,
  statement: Statement,
  route: RouteOf<'single'>,
  signal: AbortSignal,
): Promise<void> {
  if (execution.session.transaction.kind === 'open') {
    bindTo(execution, statement, route);
  }
  return new SingleRequest(execution, statement, route, signal).run();
}

function bindTo(execution: Execution, statement: Statement, { place, boundBy }: RouteOf<'single'>): void {
  const bound = bindingPlaceOf(place, statement, boundBy ?? null);
  if (bound !== null) {
    execution.bind(keyspaceOf(place), [bound]);
  }
}

/** What is asked of the shard: an object of a class, since the functions of an object of its own would be made for every statement. */
class SingleRequest implements ShardRequest<RelaySink> {
  readonly access: Access;
  readonly consistency: ConsistencyLevel;
  readonly transactional = true;
  readonly isAtomic: boolean;
  readonly after?: (connection: BackendConnection, outcome: Outcome, signal: AbortSignal) => Promise<void>;
  readonly #setsInsertId: boolean;
  /** LAST_INSERT_ID() of the connection, where only it knows what the statement has made of it. */
  #serverInsertId: bigint | undefined;
  /** Rows without the LIMIT, where the statement has them counted. */
  #foundRows: bigint | undefined;
  readonly #execution: Execution;
  readonly #statement: Statement;
  readonly #route: RouteOf<'single'>;
  readonly #edits: readonly Edit[];
  readonly #text: Buffer;
  readonly #signal: AbortSignal;

  constructor(execution: Execution, statement: Statement, route: RouteOf<'single'>, signal: AbortSignal) {
    const { shape } = statement.parsed;
    this.access = route.access;
    this.consistency = execution.consistency(keyspaceOf(route.place));
    this.isAtomic = shape.kind !== 'call';
    this.#setsInsertId = setsInsertId(shape);
    if (countsFoundRows(shape)) {
      this.after = async (connection, _outcome, limit) => {
        this.#foundRows = await readNumber(connection, 'SELECT FOUND_ROWS()', limit);
      };
    } else if (shape.kind === 'insert' && route.place.kind === 'unsharded') {
      this.after = async (connection, { completion }, limit) => {
        const told = completion?.lastInsertId ?? 0n;
        if (told !== 0n && mayNameId(statement.parsed, statement.parameters, told)) {
          this.#serverInsertId = await readNumber(connection, LAST_INSERT_ID, limit);
        }
      };
    } else if (shape.kind === 'select' && this.#setsInsertId) {
      this.after = async (connection, _outcome, limit) => {
        this.#serverInsertId = await readNumber(connection, LAST_INSERT_ID, limit);
      };
    }
    this.#execution = execution;
    this.#statement = statement;
    this.#route = route;
    this.#edits = withOwnVariables(execution.session, statement, route.edits);
    this.#text = editedText(statement, this.#edits);
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const { outcome, sink } = await this.#execution.onShard(this, this.#signal);
    this.#conclude(outcome, sink);
  }

  /** The answer has ended. */
  #conclude({ completion }: Outcome, { failure, rowCount }: RelaySink): void {
    const { parsed, answer } = this.#statement;
    const { kind } = parsed.shape;
    if (failure !== undefined) {
      answerFailure(this.#execution, answer, failure);
      return;
    }
    const foundRows = kind === 'select' ? (this.#foundRows ?? BigInt(rowCount)) : undefined;
    this.#execution.succeeded(completion, this.#insertId(completion, rowCount), kind, foundRows);
  }

  /** What LAST_INSERT_ID() is from now on. */
  #insertId(completion: Completion | undefined, rowCount: number): bigint | undefined {
    const { kind } = this.#statement.parsed.shape;
    if (kind === 'select') {
      return rowCount > 0 ? this.#serverInsertId : undefined;
    }
    const generatedIds = this.#route.generatedIds ?? null;
    if (rowCount > 0) {
      // INSERT … RETURNING: servers tell no id at the end of rows.
      return generatedIds?.first;
    }
    const told = completion?.lastInsertId ?? 0n;
    const ofServer = this.#serverInsertId;
    return rememberedInsertId({
      kind,
      generatedIds,
      told: [told],
      setsId: this.#setsInsertId,
      countedByServer:
        this.#route.place.kind === 'unsharded' && (ofServer === undefined || ofServer === told),
    });
  }

  locate(topology: Topology): Location | undefined {
    return locate(topology, this.#route.place, (among) => this.#execution.preferredShard(topology, among));
  }

  sink(): RelaySink {
    const generatedIds = this.#route.generatedIds ?? null;
    return new RelaySink(
      this.#statement.answer,
      (completion) =>
        this.#execution.answerEnd(
          this.#statement.hasMore,
          completion === undefined
            ? undefined
            : toldInsertId({
                kind: this.#statement.parsed.shape.kind,
                generatedIds,
                told: [completion.lastInsertId],
              }),
          completion,
        ),
      this.#execution.topology().keyspaces,
      this.#signal,
    );
  }

  send(
    connection: BackendConnection,
    sink: RelaySink,
    surroundings: Surroundings,
    limit: AbortSignal,
  ): Promise<Outcome> {
    const { database, variables } = surroundings;
    const { parameters } = this.#statement;
    const elsewhere = database === connection.database ? undefined : database;
    const text = this.#text;
    if (parameters !== null) {
      const key = this.#edits.length === 0 ? parameters.textKey : text.toString('latin1');
      const qualified = elsewhere === undefined ? null : () => this.#qualified(elsewhere);
      return connection.executeText(
        { text, key, qualified, body: parameters.body },
        sink,
        surroundings,
        limit,
      );
    }
    // To name the database costs the server less than to select it.
    const qualified =
      elsewhere === undefined || variables === undefined ? undefined : this.#qualified(elsewhere);
    return qualified === undefined || variables === undefined
      ? connection.query(text, sink, surroundings, limit)
      : connection.query(qualified, sink, { variables }, limit);
  }

  /** The text with the name of the database in front of its table's; undefined where that is not all it takes. */
  #qualified(database: string): Buffer | undefined {
    const edit = qualifyingEdit(this.#statement.parsed.shape, database);
    return edit === null ? undefined : editedText(this.#statement, [...this.#edits, edit]);
  }
}

function withOwnVariables(session: Session, { parsed }: Statement, edits: readonly Edit[]): readonly Edit[] {
  const own = ownVariableEdits(session, parsed);
  return own.length === 0 ? edits : [...edits, ...own];
}

const LAST_INSERT_ID = 'SELECT LAST_INSERT_ID()';

/** SQL_CALC_FOUND_ROWS: how many rows there were without the LIMIT is known to the connection alone. */
function countsFoundRows({ scopes }: StatementShape): boolean {
  return scopes[0]?.options.includes('SQL_CALC_FOUND_ROWS') ?? false;
}

async function readNumber(connection: BackendConnection, sql: string, signal: AbortSignal): Promise<bigint> {
  const sink = new CollectingSink();
  await connection.query(Buffer.from(sql), sink, {}, signal);
  return BigInt(sink.results[0]?.rows[0]?.[0]?.toString() ?? '0');
}

function keyspaceOf(place: Place): string | null {
  return place.kind === 'anywhere' ? null : place.keyspace;
}
