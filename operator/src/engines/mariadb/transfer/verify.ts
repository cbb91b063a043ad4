/** Comparing a database with its source at one position, while both go on. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../runtime/clock.ts';
import { EngineError } from '../../engine-error.ts';
import type { Position } from '../../position.ts';
import type { RowDifference, TailHold, Verdict, VerifyOrder } from '../../slot-transfer.ts';
import { mariadbPositions } from '../gtid.ts';
import { differingBuckets, differingDefinitions, differingRows, MOST_DIFFERENCES } from './differences.ts';
import { Pacing } from './pacing.ts';
import { conditionOf, readKeys } from './part-of-table.ts';
import { figuresQuery, rowsQuery } from './row-figures.ts';
import type { RowSession } from './row-session.ts';
import { OBJECT_KINDS, readDatabaseProperties, readObjects } from './schema-objects.ts';
import { markTables, openSnapshot, READ_SETTINGS, releaseTables } from './snapshot.ts';
import { readTables, type Table, textAt } from './tables.ts';

/** Buckets that are looked into for rows: what is found in them names the trouble. */
const MOST_BUCKETS = 4;
/** For the source to reach where the tail is, when it reads from another member. */
const CATCH_UP_MILLISECONDS = 5000;
const POLL_MILLISECONDS = 5;

/** Both ends of a comparison, logged in. They are closed by whoever opened them. */
export interface VerifyEnds {
  readonly source: RowSession;
  readonly target: RowSession;
  readonly clock: Clock;
}

/** See SlotTransfer.verify. */
export async function verifyDatabase(
  ends: VerifyEnds,
  order: VerifyOrder,
  signal: AbortSignal,
): Promise<Verdict> {
  const { source, target, clock } = ends;
  const { database, throttle, onProgress } = order;
  const here = order.here ?? { database, rows: null };
  let rows = 0;
  const pacing = new Pacing(throttle, clock, (paused) => onProgress({ rows, paused }));
  await Promise.all([source, target].map((session) => session.query('read settings', READ_SETTINGS, signal)));
  const position = await openBoth(ends, order, signal);
  const differences: RowDifference[] = [];
  const tables = await readTables(source, database, signal);
  const present = new Map(
    (await readTables(target, here.database, signal)).map((table) => [table.name, table]),
  );
  const keys = here.rows === null ? null : await readKeys(source, database, here.rows, signal);
  // Those that are not the same tables are told of as definitions.
  for (const table of tables.filter((table) => isDeepStrictEqual(present.get(table.name), table))) {
    await pacing.pass(0, 0, signal);
    const condition = conditionOf(here.rows, keys, table);
    const compared = await compareTable(
      ends,
      { there: database, here: here.database, condition },
      table,
      signal,
    );
    rows += compared.rows;
    differences.push(...compared.differences);
    onProgress({ rows, paused: null });
  }
  // Last: definitions are kept in tables of an engine that knows no savepoints.
  differences.push(...(await compareDefinitions(ends, { there: database, here: here.database }, signal)));
  await Promise.all(
    [source, target].map((session) => session.query('close the snapshot', 'ROLLBACK', signal)),
  );
  return {
    position,
    tables: tables.length,
    rows,
    isEqual: differences.length === 0,
    differences: differences.slice(0, MOST_DIFFERENCES),
  };
}

/** Opens a snapshot of each side that holds exactly the same of the source's history. */
async function openBoth(
  { source, target, clock }: VerifyEnds,
  { moveId, tail }: VerifyOrder,
  signal: AbortSignal,
): Promise<Position> {
  const hold: TailHold = await tail.hold(signal);
  try {
    const reached = hold.position(moveId);
    const deadline = clock.monotonic() + CATCH_UP_MILLISECONDS;
    for (;;) {
      const [row] = await source.query('read the position', 'SELECT @@global.gtid_binlog_pos', signal);
      if (mariadbPositions.covers(mariadbPositions.parse(row === undefined ? '' : textAt(row, 0)), reached)) {
        break;
      }
      if (clock.monotonic() >= deadline) {
        throw new EngineError(
          'SourceLost',
          `the source is behind ${reached}, which the tail has reached already`,
        );
      }
      await clock.sleep(POLL_MILLISECONDS, signal);
    }
    const position = await openSnapshot(source, signal);
    await hold.advance(position, signal);
    await target.query('open a snapshot', 'START TRANSACTION WITH CONSISTENT SNAPSHOT', signal);
    return position;
  } finally {
    hold.release();
  }
}

/** What a database is called on either side. */
interface Names {
  readonly there: string;
  readonly here: string;
}

/** Only the source has rows that do not fulfil the condition; here, all rows count. */
async function compareTable(
  { source, target }: VerifyEnds,
  names: Names & { readonly condition: string | null },
  table: Table,
  signal: AbortSignal,
): Promise<{ readonly rows: number; readonly differences: readonly RowDifference[] }> {
  type Side = readonly [session: RowSession, database: string, condition: string | null];
  const both = async <T>(read: (...side: Side) => Promise<T>): Promise<readonly [T, T]> => {
    const [there, here] = await Promise.all([
      read(source, names.there, names.condition),
      read(target, names.here, null),
    ]);
    return [there, here];
  };
  await both((session) => markTables(session, signal));
  let rows = 0;
  const [there, here] = await both(async (session, database, condition) => {
    const answer = await session.query(
      `compare ${table.name}`,
      figuresQuery(database, table, condition),
      signal,
    );
    rows = answer.reduce((sum, row) => sum + Number(textAt(row, 1)), 0);
    return new Map(
      answer.map((row) => [Number(textAt(row, 0)), [1, 2, 3].map((index) => textAt(row, index)).join(' ')]),
    );
  });
  const buckets = differingBuckets(there, here).slice(0, MOST_BUCKETS);
  const differences: RowDifference[] = [];
  if (buckets.length > 0) {
    const [sourceRows, targetRows] = await both(async (session, database, condition) => {
      const answer = await session.query(
        `find what differs in ${table.name}`,
        rowsQuery(database, table, buckets, condition),
        signal,
      );
      return new Map(answer.map((row) => [textAt(row, 0), textAt(row, 1)]));
    });
    differences.push(...differingRows(table.name, sourceRows, targetRows).slice(0, MOST_DIFFERENCES));
  }
  await both((session) => releaseTables(session, signal));
  return { rows, differences };
}

/** Of the next row's number, which is no part of a definition; and of whether an event is enabled, which it is nowhere here. */
const CHANGING = / AUTO_INCREMENT=\d+/;

async function compareDefinitions(
  { source, target }: VerifyEnds,
  names: Names,
  signal: AbortSignal,
): Promise<readonly RowDifference[]> {
  const versions = await Promise.all(
    [source, target].map(async (session) => {
      const [row] = await session.query('read the version', 'SELECT @@version', signal);
      return /^\d+\.\d+/.exec(row === undefined ? '' : textAt(row, 0))?.[0];
    }),
  );
  // Servers of different versions word the same definition differently.
  const areWorded = versions[0] === versions[1];
  const sides = [
    { session: source, database: names.there },
    { session: target, database: names.here },
  ];
  const [there, here] = await Promise.all(
    sides.map(async ({ session, database }) => {
      const definitions = new Map<string, string>();
      const properties = await readDatabaseProperties(session, database, signal);
      definitions.set('DATABASE', JSON.stringify(properties));
      for (const kind of OBJECT_KINDS) {
        for (const { name, definition, under } of await readObjects(session, database, kind, signal)) {
          const words = `${definition.toString('latin1').replace(CHANGING, '')} ${JSON.stringify(under)}`;
          definitions.set(`${kind} ${name}`, areWorded ? words : '');
        }
      }
      return definitions;
    }),
  );
  return differingDefinitions(there ?? new Map(), here ?? new Map());
}
