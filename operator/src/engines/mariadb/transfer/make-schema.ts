/** Making the objects of a database as they were read from another server. */
import { EngineError } from '../../engine-error.ts';
import { quoteName } from '../keyspace-roles.ts';
import type { RowSession } from './row-session.ts';
import {
  type DatabaseProperties,
  type DefinedUnder,
  readObjects,
  type SchemaObject,
} from './schema-objects.ts';
import { stringLiteral, textAt } from './tables.ts';

/** Under which settings the session works between definitions that bring their own. */
export const PLAIN_SETTINGS =
  "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', character_set_client = utf8mb4, collation_connection = utf8mb4_general_ci, time_zone = '+00:00'";

/** Makes an empty database and enters it. */
export async function makeDatabase(
  session: RowSession,
  database: string,
  { characterSet, collation, comment }: DatabaseProperties,
  signal: AbortSignal,
): Promise<void> {
  const name = quoteName(database);
  await session.query('drop what is there', `DROP DATABASE IF EXISTS ${name}`, signal);
  await session.query(
    'make the database',
    `CREATE DATABASE ${name} CHARACTER SET ${characterSet} COLLATE ${collation}${comment === '' ? '' : ` COMMENT ${stringLiteral(comment)}`}`,
    signal,
  );
  await session.query('enter the database', `USE ${name}`, signal);
}

/** Makes objects in the database that the session is in. Views that need others which are not there yet come after them. */
export async function makeObjects(
  session: RowSession,
  objects: readonly SchemaObject[],
  { collation }: DatabaseProperties,
  signal: AbortSignal,
): Promise<void> {
  const setCollation = async (wanted: string): Promise<void> => {
    await session.query('set the collation', `ALTER DATABASE COLLATE ${wanted}`, signal);
  };
  let waiting = objects;
  while (waiting.length > 0) {
    const postponed: SchemaObject[] = [];
    let failure: unknown;
    for (const object of waiting) {
      const then = object.under.databaseCollation ?? collation;
      try {
        if (then !== collation) {
          await setCollation(then);
        }
        await makeObject(session, object, signal);
        if (then !== collation) {
          await setCollation(collation);
        }
      } catch (error) {
        if (object.kind !== 'VIEW' || !(error instanceof EngineError) || error.code !== 'ServerError') {
          throw error;
        }
        failure = error;
        postponed.push(object);
      }
    }
    if (postponed.length === waiting.length) {
      throw failure;
    }
    waiting = postponed;
  }
  await session.query('restore the settings', PLAIN_SETTINGS, signal);
}

async function makeObject(
  session: RowSession,
  { kind, name, definition, under }: SchemaObject,
  signal: AbortSignal,
): Promise<void> {
  await session.query('set what it was defined under', settingsStatement(under), signal);
  const statement = kind === 'EVENT' ? disabled(name, definition) : definition;
  await session.query(`make ${kind.toLowerCase()} ${name}`, statement, signal);
}

function settingsStatement({ sqlMode, characterSet, collation, timeZone }: DefinedUnder): string {
  return `SET SESSION sql_mode = ${sqlMode === null ? "'NO_AUTO_VALUE_ON_ZERO'" : stringLiteral(sqlMode)}, character_set_client = ${
    characterSet ?? 'utf8mb4'
  }, collation_connection = ${collation ?? 'utf8mb4_general_ci'}, time_zone = ${stringLiteral(timeZone ?? '+00:00')}`;
}

/** The server writes this between an event's schedule and its comment. */
const EVENT_STATE = / ON COMPLETION (NOT )?PRESERVE (ENABLE|DISABLE ON SLAVE|DISABLE)/;

/** An event that does not run: made enabled it might, before anybody could alter it. */
function disabled(name: string, definition: Buffer): Buffer {
  // One character for each byte, whatever they mean.
  const text = definition.toString('latin1');
  if (!EVENT_STATE.test(text)) {
    throw new EngineError('NotMovable', `event ${name} is not defined as it is known to be`);
  }
  return Buffer.from(
    text.replace(EVENT_STATE, (_all, not?: string) => ` ON COMPLETION ${not ?? ''}PRESERVE DISABLE`),
    'latin1',
  );
}

/** Brings sequences to where those of the source are. */
export async function copySequences(
  source: RowSession,
  target: RowSession,
  { database, databaseHere }: { readonly database: string; readonly databaseHere: string },
  signal: AbortSignal,
): Promise<void> {
  for (const { name } of await readObjects(source, database, 'SEQUENCE', signal)) {
    const sequence = `${quoteName(database)}.${quoteName(name)}`;
    const here = `${quoteName(databaseHere)}.${quoteName(name)}`;
    const [row] = await source.query(
      `read sequence ${name}`,
      `SELECT next_not_cached_value, cycle_count FROM ${sequence}`,
      signal,
    );
    if (row === undefined) {
      throw new EngineError('ServerError', `sequence ${name} of ${database} has no value`);
    }
    await target.query(
      `set sequence ${name}`,
      `SELECT SETVAL(${here}, ${textAt(row, 0)}, 0, ${textAt(row, 1)})`,
      signal,
    );
  }
}
