/**
 * Reading how the objects of a database are defined, as bytes: a definition is text in the character set of whoever
 * wrote it, and is only right when it is read again under the same one, and under the same sql_mode.
 */
import { EngineError } from '../../engine-error.ts';
import { quoteName } from '../keyspace-roles.ts';
import type { RowSession } from './row-session.ts';
import { stringLiteral, textAt } from './tables.ts';

/** What kinds of objects there are, in the order in which a copy makes them; rows come before `FUNCTION`. */
export const OBJECT_KINDS = [
  'SEQUENCE',
  'TABLE',
  'FUNCTION',
  'PROCEDURE',
  'PACKAGE',
  'PACKAGE BODY',
  'VIEW',
  'TRIGGER',
  'EVENT',
] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];

/** Settings of a session under which an object was defined. */
export interface DefinedUnder {
  readonly sqlMode: string | null;
  readonly characterSet: string | null;
  readonly collation: string | null;
  /** That of the database at the time: texts without a character set of their own got it. */
  readonly databaseCollation: string | null;
  readonly timeZone: string | null;
}

/** One object. */
export interface SchemaObject {
  readonly kind: ObjectKind;
  readonly name: string;
  readonly definition: Buffer;
  readonly under: DefinedUnder;
}

/** A database's own properties. */
export interface DatabaseProperties {
  readonly characterSet: string;
  readonly collation: string;
  readonly comment: string;
}

/** Where SHOW CREATE has what: column numbers of its answer. Source: the server's sql_show.cc, sp_head.cc, sql_view.cc. */
const ANSWERS: Readonly<
  Record<
    ObjectKind,
    {
      readonly definition: number;
      readonly sqlMode?: number;
      /** The collation follows it, and the database's, but for views. */
      readonly characterSet?: number;
      readonly timeZone?: number;
    }
  >
> = {
  SEQUENCE: { definition: 1 },
  TABLE: { definition: 1 },
  VIEW: { definition: 1, characterSet: 2 },
  FUNCTION: { definition: 2, sqlMode: 1, characterSet: 3 },
  PROCEDURE: { definition: 2, sqlMode: 1, characterSet: 3 },
  PACKAGE: { definition: 2, sqlMode: 1, characterSet: 3 },
  'PACKAGE BODY': { definition: 2, sqlMode: 1, characterSet: 3 },
  TRIGGER: { definition: 2, sqlMode: 1, characterSet: 3 },
  EVENT: { definition: 3, sqlMode: 1, timeZone: 2, characterSet: 4 },
};

/** Reads a database's properties. EngineError `NotMovable` where it does not exist. */
export async function readDatabaseProperties(
  session: RowSession,
  database: string,
  signal: AbortSignal,
): Promise<DatabaseProperties> {
  const [row] = await session.query(
    'read the database',
    `SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME, COALESCE(SCHEMA_COMMENT, '')
       FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${stringLiteral(database)}`,
    signal,
  );
  if (row === undefined) {
    throw new EngineError('NotMovable', `the source has no database ${database}`);
  }
  return { characterSet: textAt(row, 0), collation: textAt(row, 1), comment: textAt(row, 2) };
}

/** Reads all objects of a kind, in an order in which they can be made. */
export async function readObjects(
  session: RowSession,
  database: string,
  kind: ObjectKind,
  signal: AbortSignal,
): Promise<readonly SchemaObject[]> {
  const rows = await session.query('list objects', namesOf(kind, database), signal);
  const objects: SchemaObject[] = [];
  for (const row of rows) {
    objects.push(await readObject(session, database, kind, textAt(row, 0), signal));
  }
  return objects;
}

async function readObject(
  session: RowSession,
  database: string,
  kind: ObjectKind,
  name: string,
  signal: AbortSignal,
): Promise<SchemaObject> {
  const [row] = await session.query(
    `read how ${name} is defined`,
    `SHOW CREATE ${kind} ${quoteName(database)}.${quoteName(name)}`,
    signal,
  );
  const answer = ANSWERS[kind];
  const definition = row?.[answer.definition];
  if (row === undefined || definition === null || definition === undefined) {
    throw new EngineError('ServerError', `${kind} ${name} of ${database}: its definition cannot be read`);
  }
  const field = (index: number | undefined): string | null =>
    index === undefined ? null : (row[index]?.toString('utf8') ?? null);
  return {
    kind,
    name,
    definition: Buffer.from(definition),
    under: {
      sqlMode: field(answer.sqlMode),
      characterSet: field(answer.characterSet),
      collation: field(after(answer.characterSet, 1)),
      databaseCollation: kind === 'VIEW' ? null : field(after(answer.characterSet, 2)),
      timeZone: field(answer.timeZone),
    },
  };
}

function after(index: number | undefined, distance: number): number | undefined {
  return index === undefined ? undefined : index + distance;
}

/** A statement whose first column has the names. */
function namesOf(kind: ObjectKind, name: string): string {
  const database = stringLiteral(name);
  switch (kind) {
    case 'SEQUENCE':
      // information_schema leaves out what is locked exclusively, as a sequence is while a change of another server's is
      // applied to it. This does not look into tables.
      return `SHOW FULL TABLES FROM ${quoteName(name)} WHERE Table_type = 'SEQUENCE'`;
    case 'TABLE':
      return `SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${database} AND TABLE_TYPE = 'BASE TABLE' ORDER BY BINARY TABLE_NAME`;
    case 'VIEW':
      return `SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${database} AND TABLE_TYPE = 'VIEW' ORDER BY BINARY TABLE_NAME`;
    case 'TRIGGER':
      // Those of one table and moment run in an order, and each new one comes last.
      return `SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${database} ORDER BY BINARY EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER`;
    case 'EVENT':
      return `SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${database} ORDER BY BINARY EVENT_NAME`;
    default:
      return `SELECT name FROM mysql.proc WHERE db = ${database} AND type = '${kind}' ORDER BY BINARY name`;
  }
}
