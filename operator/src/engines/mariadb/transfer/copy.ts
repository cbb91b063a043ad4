/** Copying a database from another shard as it is at one moment. */
import type { Clock } from '../../../runtime/clock.ts';
import { EngineError } from '../../engine-error.ts';
import type { CopyOrder, CopyProgress, CopyResult } from '../../slot-transfer.ts';
import { copyRows } from './copy-rows.ts';
import { refuseBlocked } from './inspect.ts';
import { copySequences, makeDatabase, makeObjects, PLAIN_SETTINGS } from './make-schema.ts';
import { CREATE_MOVE_PROGRESS, FIND_MOVE_PROGRESS, MOVE_PROGRESS_TABLE } from './move-progress.ts';
import { Pacing } from './pacing.ts';
import { readDatabaseSize } from './read-size.ts';
import type { RowSession } from './row-session.ts';
import { refuseNamed } from './named-database.ts';
import { conditionOf, readKeys } from './part-of-table.ts';
import { OBJECT_KINDS, type ObjectKind, readDatabaseProperties, readObjects } from './schema-objects.ts';
import { markTables, openSnapshot, READ_SETTINGS, releaseTables } from './snapshot.ts';
import { readTables, stringLiteral, textAt } from './tables.ts';
import { requireUnused } from './unused-database.ts';

/** Progress is told of this often. */
const TELL_MILLISECONDS = 250;

/**
 * What a session that writes a copy begins with. Without the first, the text of every insertion is logged together with its rows.
 * Keys of all rows are right at the source, and those of one table alone are not yet.
 */
const WRITE_SETTINGS =
  'SET SESSION binlog_annotate_row_events = OFF, foreign_key_checks = 0, check_constraint_checks = 0, max_statement_time = 0, net_read_timeout = 86400, lock_wait_timeout = 30, innodb_lock_wait_timeout = 50, character_set_results = NULL';

/** What is made before the rows: all that rows need, and nothing that acts on them. */
const BEFORE_ROWS: readonly ObjectKind[] = ['SEQUENCE', 'TABLE'];
const AFTER_ROWS = OBJECT_KINDS.filter((kind) => !BEFORE_ROWS.includes(kind));

/** Both ends of a copy, logged in. They are closed by whoever opened them. */
export interface CopyEnds {
  readonly source: RowSession;
  readonly target: RowSession;
  readonly clock: Clock;
}

/** See SlotTransfer.copy. */
export async function copyDatabase(
  { source, target, clock }: CopyEnds,
  order: CopyOrder,
  signal: AbortSignal,
): Promise<CopyResult> {
  const { database, moveId, throttle } = order;
  const here = order.here ?? { database, rows: null };
  const progress = new ProgressTeller(order.onProgress, clock);
  const pacing = new Pacing(throttle, clock, (paused) => progress.tell({ paused }));
  await source.query('read settings', READ_SETTINGS, signal);
  await target.query('write settings', WRITE_SETTINGS, signal);
  await requireUnused(target, here.database, signal);
  await refuseBlocked(source, database, signal);
  // Not within the snapshot: definitions are kept in tables of an engine that knows no savepoints.
  await refuseNamed(source, order, signal);
  const size = await readDatabaseSize(source, database, signal);
  progress.tell({ rowsTotal: size.rows, bytesTotal: size.bytes });
  if ((await target.query('look for the table of progress', FIND_MOVE_PROGRESS, signal)).length === 0) {
    await target.query('make the table of progress', CREATE_MOVE_PROGRESS, signal);
  }
  await target.query(
    'forget an earlier copy',
    `DELETE FROM ${MOVE_PROGRESS_TABLE} WHERE move_id = ${stringLiteral(moveId)}`,
    signal,
  );

  const position = await openSnapshot(source, signal);
  const properties = await readDatabaseProperties(source, database, signal);
  const keys = here.rows === null ? null : await readKeys(source, database, here.rows, signal);
  await target.query('plain settings', PLAIN_SETTINGS, signal);
  await makeDatabase(target, here.database, properties, signal);
  for (const kind of BEFORE_ROWS) {
    await makeObjects(target, await readObjects(source, database, kind, signal), properties, signal);
  }
  progress.tell({ stage: 'Copying' });
  const packetBytes = await readPacketBytes(target, signal);
  const tables = await readTables(source, database, signal);
  for (const table of tables) {
    await markTables(source, signal);
    await copyRows(
      {
        source,
        target,
        database,
        databaseHere: here.database,
        pacing,
        packetBytes,
        batchRows: () => throttle.limits().batchRows,
        onRows: (rows, bytes) => progress.add(rows, bytes),
      },
      table,
      conditionOf(here.rows, keys, table),
      signal,
    );
    await releaseTables(source, signal);
  }
  progress.tell({ stage: 'Schema' });
  await target.query('plain settings', PLAIN_SETTINGS, signal);
  await copySequences(source, target, { database, databaseHere: here.database }, signal);
  for (const kind of AFTER_ROWS) {
    await makeObjects(target, await readObjects(source, database, kind, signal), properties, signal);
  }
  // Not COMMIT: a read-only replica refuses that to a transaction in which definitions were read.
  await source.query('close the snapshot', 'ROLLBACK', signal);
  await target.query(
    'record the position of the copy',
    `REPLACE INTO ${MOVE_PROGRESS_TABLE} (move_id, database_name, position) VALUES (${[moveId, here.database, position].map(stringLiteral).join(', ')})`,
    signal,
  );
  const { rows, bytes } = progress.current;
  return { position, tables: tables.length, rows, bytes };
}

async function readPacketBytes(session: RowSession, signal: AbortSignal): Promise<number> {
  const [row] = await session.query('read limits', 'SELECT @@session.max_allowed_packet', signal);
  if (row === undefined) {
    throw new EngineError('ServerError', 'the server does not tell its limits');
  }
  return Number(textAt(row, 0));
}

/** Tells of every change of stage or pause at once, and of figures now and then. */
class ProgressTeller {
  current: CopyProgress = {
    stage: 'Schema',
    rows: 0,
    rowsTotal: 0,
    bytes: 0,
    bytesTotal: 0,
    paused: null,
  };
  readonly #onProgress: (progress: CopyProgress) => void;
  readonly #clock: Clock;
  #toldAt = -Infinity;

  constructor(onProgress: (progress: CopyProgress) => void, clock: Clock) {
    this.#onProgress = onProgress;
    this.#clock = clock;
  }

  add(rows: number, bytes: number): void {
    const { current } = this;
    this.current = { ...current, rows: current.rows + rows, bytes: current.bytes + bytes };
    if (this.#clock.monotonic() - this.#toldAt >= TELL_MILLISECONDS) {
      this.tell({});
    }
  }

  tell(change: Partial<CopyProgress>): void {
    this.current = { ...this.current, ...change };
    this.#toldAt = this.#clock.monotonic();
    this.#onProgress(this.current);
  }
}
