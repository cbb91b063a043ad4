/** LOAD DATA LOCAL: see the README of this folder. */
import type { Completion, Outcome } from '../../backend/outcome.ts';
import type { BackendConnection } from '../../backend/backend-connection.ts';
import type { GeneratedIds, Place, RouteOf } from '../../routing/route.ts';
import { locate, noShard } from '../../topology/topology.ts';
import { CAPABILITY, hasCapability } from '../../../wire/capabilities.ts';
import { answerSum } from '../answer-sum.ts';
import { clientError } from '../errors.ts';
import type { Execution } from '../execution.ts';
import { bindingPlaceOf } from '../place-description.ts';
import { referenceShards } from '../reference-shards.ts';
import { answerFailure, type ServerFailure } from '../server-message.ts';
import type { Statement } from '../statement.ts';
import { editedText } from '../statement-text.ts';
import { ClientFile, encodeFileRequest } from './client-file.ts';
import { FileRows, RowTooLongError } from './file-rows.ts';
import { FirstRows } from './first-rows.ts';
import { inLoadTransaction } from './load-transaction.ts';
import { RowTargets, wantedFields } from './load-rows.ts';
import { BatchSink, FileRelaySink } from './load-sinks.ts';
import { forgetVariables } from './load-variables.ts';
import { RowBatches, type RowBatch } from './row-batches.ts';

/** Most bytes of rows that wait for their servers. */
const MAX_WAITING_BYTES = 16 << 20;
/** Most bytes of one row: what a server takes in one packet, by its default. */
const MAX_ROW_BYTES = 16 << 20;

/** What the server says of a batch. */
const RECORDS = /^Records: (\d+)/;

/** Hands the file of LOAD DATA LOCAL into unsharded tables on to their server as it comes. */
export async function runLoadThrough(
  execution: Execution,
  statement: Statement,
  { place, access, edits }: RouteOf<'single'>,
  signal: AbortSignal,
): Promise<void> {
  requireLocalFiles(execution);
  const file = new ClientFile(statement.answer, execution.environment.signal);
  const variables = loadedVariables(statement);
  const bound = bindingPlaceOf(place, statement, null);
  const keyspace = keyspaceOf(place);
  try {
    if (bound !== null) {
      execution.bind(keyspace, [bound]);
    }
    const text = editedText(statement, edits);
    const { outcome, sink } = await execution.onShard(
      {
        locate: (topology) => locate(topology, place, noShard),
        access,
        consistency: 'Strong',
        transactional: true,
        after: (connection, _outcome, limit) =>
          forgetVariables(execution.session, connection, variables, limit),
        sink: () =>
          new FileRelaySink(
            statement.answer,
            () => execution.answerEnd(statement.hasMore),
            execution.topology().keyspaces,
            signal,
            file,
          ),
        send: (connection, receiver, surroundings, limit) =>
          connection.query(text, receiver, surroundings, limit),
      },
      signal,
    );
    if (sink.failure === undefined) {
      const { completion } = outcome;
      const insertId = completion?.lastInsertId === 0n ? undefined : completion?.lastInsertId;
      execution.succeeded(completion, insertId, statement.parsed.shape.kind);
      return;
    }
    await file.drain();
    answerFailure(execution, statement.answer, sink.failure);
  } finally {
    await file.drain();
  }
}

function loadedVariables({ parsed: { shape } }: Statement): readonly string[] {
  const columns = shape.kind === 'loadData' ? (shape.columns ?? []) : [];
  return columns.filter((name) => name.startsWith('@')).map((name) => name.slice(1));
}

function keyspaceOf(place: Place): string | null {
  return place.kind === 'anywhere' ? null : place.keyspace;
}

/** Cuts the file of LOAD DATA LOCAL into rows, and sends each to its slot, or all to every copy of a reference table. */
export async function runLoad(
  execution: Execution,
  statement: Statement,
  route: RouteOf<'load'>,
  signal: AbortSignal,
): Promise<void> {
  requireLocalFiles(execution);
  const { parsed, answer } = statement;
  const { shape } = parsed;
  if (shape.kind !== 'loadData') {
    throw new RangeError('only LOAD DATA loads files');
  }
  const name = parsed.literal(shape.file);
  const file = new ClientFile(answer, execution.environment.signal);
  const loading = new Loading(execution, statement, route);
  // Before the client is asked for its file: it cannot be asked for the same again.
  await execution.settle(placesOf(execution, route), route.access.mode, signal);
  try {
    file.ask(encodeFileRequest(name.kind === 'string' ? name.bytes : Buffer.alloc(0)));
    await inLoadTransaction(execution.session, () => loading.run(file, signal), signal);
  } finally {
    await file.drain();
  }
  loading.answer();
}

/** Everything that a file may have rows for. */
function placesOf(execution: Execution, { keyspace, load: { target } }: RouteOf<'load'>): readonly Place[] {
  if (target.kind === 'copies') {
    return [{ kind: 'shared', keyspace, shard: null }];
  }
  const { slots = [] } = execution.topology().keyspaces.get(keyspace) ?? {};
  return (target.only === null ? slots : [target.only]).map((slot) => ({ kind: 'slot', keyspace, slot }));
}

function requireLocalFiles({ session }: Execution): void {
  if (!hasCapability(session.client.capabilities, CAPABILITY.localFiles)) {
    throw clientError(
      'localFilesDisabled',
      'The used command is not allowed because the client has disabled the local infile capability',
    );
  }
}

/** One file on its way. */
class Loading {
  readonly #execution: Execution;
  readonly #statement: Statement;
  readonly #route: RouteOf<'load'>;
  readonly #text: Buffer;
  readonly #rows: FileRows;
  readonly #targets: RowTargets;
  readonly #batches = new RowBatches();
  /** Whether the rows belong to a transaction of the client's, which may be bound to one slot. */
  readonly #isBound: boolean;
  readonly #firstRows: FirstRows;
  readonly #byShard = new Map<number, Completion[]>();
  #failure: ServerFailure | undefined;
  /** From the first to the last that was put into a row: there may be others between. */
  #ids: GeneratedIds | null = null;

  constructor(execution: Execution, statement: Statement, route: RouteOf<'load'>) {
    const { load } = route;
    const keyspace = execution.topology().keyspaces.get(route.keyspace);
    if (keyspace === undefined) {
      throw clientError('unknownDatabase', `Unknown database '${route.keyspace}'`);
    }
    this.#execution = execution;
    this.#isBound = execution.session.transaction.kind === 'open';
    this.#statement = statement;
    this.#route = route;
    this.#text = editedText(statement, route.edits);
    this.#firstRows = new FirstRows(route.keyspace, load.target, statement);
    this.#targets = new RowTargets(load, keyspace);
    this.#rows = new FileRows({
      format: load.format,
      fields: load.fields,
      wanted: wantedFields(load),
      maxRowBytes: MAX_ROW_BYTES,
    });
  }

  /** Sends the whole file. Resolves with whether all of it may stay; throws ClientError. */
  async run(file: ClientFile, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const piece = await file.next();
      signal.throwIfAborted();
      await this.#take(piece);
      while (this.#batches.bytes > (piece === null ? 0 : MAX_WAITING_BYTES)) {
        const batch = this.#batches.takeLargest();
        if (batch === undefined || !(await this.#send(batch, signal))) {
          return false;
        }
      }
      if (piece === null) {
        return true;
      }
    }
  }

  /** The client's answer, once the file is read to its end. */
  answer(): void {
    answerSum(this.#execution, this.#statement, {
      byShard: this.#byShard,
      failure: this.#failure,
      generatedIds: this.#ids,
      perShard: false,
    });
  }

  async #take(piece: Buffer | null): Promise<void> {
    const { load } = this.#route;
    const rows = takeRows(this.#rows, piece);
    const generates = load.ids?.kind === 'generated' && rows.length > 0;
    const { ids, signal } = this.#execution.environment;
    const first = generates ? await ids.take(rows.length, signal) : undefined;
    if (first !== undefined) {
      const from = this.#ids?.first ?? first;
      this.#ids = { first: from, count: Number(first - from) + rows.length };
    }
    for (const [index, row] of rows.entries()) {
      const id = first === undefined ? undefined : first + BigInt(index);
      const target = this.#targets.targetOf(row, id);
      if (this.#isBound) {
        this.#firstRows.add(target, row, id);
      }
      if (id === undefined) {
        this.#batches.add(target, row.prefix, row.content);
      } else {
        this.#batches.add(
          target,
          row.prefix,
          Buffer.from(String(id)),
          load.format.fieldTerminator,
          row.content,
        );
      }
    }
  }

  /** Sends rows to their slot, or to all copies. Resolves with whether that went well. */
  async #send(batch: RowBatch, signal: AbortSignal): Promise<boolean> {
    const { keyspace, load } = this.#route;
    if (load.target.kind === 'slots') {
      if (this.#isBound) {
        this.#execution.bind(keyspace, [this.#firstRows.placeOf(batch.target)]);
      }
      return this.#sendTo({ kind: 'slot', keyspace, slot: batch.target }, batch, true, signal);
    }
    for (const [index, shard] of referenceShards(this.#execution.topology(), keyspace).entries()) {
      if (!(await this.#sendTo({ kind: 'shared', keyspace, shard }, batch, index === 0, signal))) {
        return false;
      }
    }
    return true;
  }

  async #sendTo(place: Place, batch: RowBatch, isCounted: boolean, signal: AbortSignal): Promise<boolean> {
    const { session } = this.#execution;
    const { variables } = this.#route.load;
    const { outcome, sink, server } = await this.#execution.onShard(
      {
        locate: (topology) => locate(topology, place, noShard),
        access: this.#route.access,
        consistency: 'Strong',
        transactional: true,
        after: (connection: BackendConnection, _outcome, limit) =>
          forgetVariables(session, connection, variables, limit),
        sink: () => new BatchSink(batch.bytes),
        send: (connection, receiver, surroundings, limit) =>
          connection.query(this.#text, receiver, surroundings, limit),
      },
      signal,
    );
    this.#failure = sink.failure;
    if (sink.failure !== undefined) {
      return false;
    }
    const completion = requireRows(outcome, batch);
    if (isCounted) {
      this.#byShard.set(server.shard, [...(this.#byShard.get(server.shard) ?? []), completion]);
    }
    return true;
  }
}

function takeRows(rows: FileRows, piece: Buffer | null): ReturnType<FileRows['take']> {
  try {
    return rows.take(piece);
  } catch (error) {
    if (error instanceof RowTooLongError) {
      throw clientError(
        'unknown',
        `LOAD DATA was undone: ${error.message}. Are LINES TERMINATED BY something else?`,
        error,
      );
    }
    throw error;
  }
}

/** A server that found other rows than we did has put them into the wrong slots: nothing of it may stay. */
function requireRows({ completion }: Outcome, { rows }: RowBatch): Completion {
  const found = RECORDS.exec(completion?.message ?? '')?.[1];
  if (completion === undefined || found !== String(rows)) {
    throw clientError(
      'unknown',
      `LOAD DATA was undone: a server read ${found ?? 'other'} rows where the router found ${rows}. Write the file with simpler separators`,
    );
  }
  return completion;
}
