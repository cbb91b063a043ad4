/** Carrying the rows of one table: read in one go, written in transactions of a bounded size while the next is read. */
import { EngineError } from '../../engine-error.ts';
import { quoteName } from '../keyspace-roles.ts';
import { BulkRows, carry } from './bulk-rows.ts';
import type { Pacing } from './pacing.ts';
import type { RowSession } from './row-session.ts';
import { isAddress, isList, selectExpression, type Table } from './tables.ts';

/** A transaction ends with so many bytes even where more rows were allowed: replicas apply it in one piece. */
const BATCH_BYTES = 1 << 20;
/** Transactions that are under way or wait to be sent; while there are as many, nothing more is read. */
const MOST_BATCHES = 3;

/** Both ends, and what is told of. */
export interface RowCopy {
  readonly source: RowSession;
  readonly target: RowSession;
  readonly database: string;
  /** What the database is called at the target. */
  readonly databaseHere: string;
  readonly pacing: Pacing;
  readonly batchRows: () => number;
  /** Most bytes of a request that the target takes. */
  readonly packetBytes: number;
  readonly onRows: (rows: number, bytes: number) => void;
}

/**
 * Copies a table, or the rows of it that fulfil a condition. Rejects as the sessions do; then the target has some of the
 * rows.
 */
export async function copyRows(
  copy: RowCopy,
  table: Table,
  condition: string | null,
  signal: AbortSignal,
): Promise<void> {
  const { source, target, database, databaseHere } = copy;
  const name = `${quoteName(database)}.${quoteName(table.name)}`;
  const nameHere = `${quoteName(databaseHere)}.${quoteName(table.name)}`;
  const names = table.columns.map((column) => quoteName(column.name));
  await target.query('set what rows are stored under', rowSettings(table), signal);
  const insertion = await target.prepare(
    `store rows of ${table.name}`,
    `INSERT INTO ${nameHere} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
    signal,
  );
  const selection = await source.prepare(
    `read rows of ${table.name}`,
    // By any other index, rows would arrive in an order in which they are slow to store.
    `SELECT ${table.columns.map(selectExpression).join(', ')} FROM ${name} FORCE INDEX (PRIMARY)${condition === null ? '' : ` WHERE ${condition}`}`,
    signal,
  );
  const columns = selection.columns.map((column, index) => {
    const original = table.columns[index];
    return carry(column, original !== undefined && isAddress(original));
  });
  const ended = new AbortController();
  const writer = new BatchWriter(copy, table.name, AbortSignal.any([signal, ended.signal]));
  const batchBytes = Math.min(BATCH_BYTES, copy.packetBytes / 2);
  let batch = new BulkRows(insertion.id, columns, BATCH_BYTES + BATCH_BYTES / 8);
  const read = source.stream(
    `read rows of ${table.name}`,
    selection,
    (row) => {
      batch.add(row);
      if (batch.rows >= copy.batchRows() || batch.bytes >= batchBytes) {
        writer.push(batch);
        batch = new BulkRows(insertion.id, columns, BATCH_BYTES + BATCH_BYTES / 8);
      }
    },
    signal,
  );
  try {
    await Promise.race([read, writer.failed]);
    if (batch.rows > 0) {
      writer.push(batch);
    }
    await writer.finish();
  } finally {
    // A reader that nobody takes rows from any more must not keep anybody waiting.
    read.catch(() => {});
    ended.abort(new EngineError('SourceLost', 'the copy has ended'));
  }
  source.closePrepared(selection);
  target.closePrepared(insertion);
}

/** Strict, so that nothing is stored otherwise than it was sent, but for lists: an entry that is none is stored as it is. */
function rowSettings({ columns }: Table): string {
  const mode = columns.some(isList) ? '' : ',STRICT_ALL_TABLES';
  return `SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES${mode}'`;
}

/** Writes batches one after the other, and holds the reader up while too many wait. */
class BatchWriter {
  /** Rejects as soon as a batch cannot be written; never resolves. */
  readonly failed: Promise<never>;
  readonly #copy: RowCopy;
  readonly #table: string;
  readonly #signal: AbortSignal;
  readonly #fail: (error: unknown) => void;
  #pending = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(copy: RowCopy, table: string, signal: AbortSignal) {
    this.#copy = copy;
    this.#table = table;
    this.#signal = signal;
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    this.failed = promise;
    this.#fail = reject;
  }

  push(batch: BulkRows): void {
    this.#pending += 1;
    if (this.#pending >= MOST_BATCHES) {
      this.#copy.source.holdUp();
    }
    const before = this.#last;
    this.#last = this.#write(batch, before);
    this.#last.catch(this.#fail);
  }

  /** Resolves when all is written. */
  async finish(): Promise<void> {
    await Promise.race([this.#last, this.failed]);
  }

  async #write(batch: BulkRows, before: Promise<void>): Promise<void> {
    const { target, pacing, packetBytes, onRows, source } = this.#copy;
    await before;
    await pacing.pass(batch.rows, batch.bytes, this.#signal);
    const command = batch.finish();
    if (command.length > packetBytes) {
      throw new EngineError(
        'NotMovable',
        `a row of table ${this.#table} takes ${command.length} bytes to store: raise max_allowed_packet above it`,
      );
    }
    const ok = await target.command(`store rows of ${this.#table}`, command, this.#signal);
    if (ok.affectedRows !== BigInt(batch.rows)) {
      throw new EngineError(
        'ServerError',
        `table ${this.#table}: of ${batch.rows} rows ${ok.affectedRows} were stored`,
      );
    }
    onRows(batch.rows, batch.bytes);
    this.#pending -= 1;
    if (this.#pending < MOST_BATCHES) {
      source.goOn();
    }
  }
}
