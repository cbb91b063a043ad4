/** What keeps a database from being moved. */
import { EngineError } from '../../engine-error.ts';
import type { MovabilityFinding, MovabilityProblem } from '../../slot-measure.ts';
import { KEYSPACE_ROLE_PREFIX } from '../keyspace-roles.ts';
import type { RowSession } from './row-session.ts';
import { stringLiteral, textAt } from './tables.ts';

/** Types that a copy is known to be exact for. A plugin may bring others. */
const KNOWN_TYPES =
  'tinyint smallint mediumint int bigint decimal float double bit year date time datetime timestamp char varchar binary varbinary tinytext text mediumtext longtext tinyblob blob mediumblob longblob enum set inet4 inet6 uuid vector geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection'.split(
    ' ',
  );

/** One question: each row it yields, of an object and further words, is a finding. */
interface Question {
  readonly problem: MovabilityProblem;
  readonly sql: (database: string) => string;
  readonly message: (object: string, words: string) => string;
}

const QUESTIONS: readonly Question[] = [
  {
    problem: 'NoPrimaryKey',
    sql: (database) => `SELECT t.TABLE_NAME, '' FROM information_schema.TABLES t
      WHERE t.TABLE_SCHEMA = ${database} AND t.TABLE_TYPE = 'BASE TABLE' AND NOT EXISTS (
        SELECT 1 FROM information_schema.STATISTICS s
         WHERE s.TABLE_SCHEMA = ${database} AND s.TABLE_NAME = t.TABLE_NAME AND s.INDEX_NAME = 'PRIMARY')`,
    message: (object) => `table ${object} has no primary key: give it one`,
  },
  {
    problem: 'StorageEngine',
    sql: (database) => `SELECT TABLE_NAME, COALESCE(ENGINE, 'none') FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = ${database} AND TABLE_TYPE IN ('BASE TABLE', 'SEQUENCE') AND COALESCE(ENGINE, '') <> 'InnoDB'`,
    message: (object, engine) => `table ${object} is stored by ${engine}: ALTER TABLE it to InnoDB`,
  },
  {
    problem: 'Versioned',
    sql: (database) => `SELECT TABLE_NAME, '' FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = ${database} AND TABLE_TYPE = 'SYSTEM VERSIONED'`,
    message: (object) => `table ${object} has a history that the server keeps, which a copy would lose`,
  },
  {
    problem: 'ForeignKeyLeaves',
    sql: (
      database,
    ) => `SELECT CONSTRAINT_NAME, CONCAT(CONSTRAINT_SCHEMA, ' refers to ', UNIQUE_CONSTRAINT_SCHEMA)
       FROM information_schema.REFERENTIAL_CONSTRAINTS
      WHERE (CONSTRAINT_SCHEMA = ${database} OR UNIQUE_CONSTRAINT_SCHEMA = ${database}) AND CONSTRAINT_SCHEMA <> UNIQUE_CONSTRAINT_SCHEMA`,
    message: (object, words) => `foreign key ${object}: ${words}, which would be on another shard: drop it`,
  },
  {
    problem: 'ScheduledEvent',
    sql: (database) => `SELECT EVENT_NAME, '' FROM information_schema.EVENTS
      WHERE EVENT_SCHEMA = ${database} AND STATUS = 'ENABLED'`,
    message: (object) =>
      `event ${object} is enabled, and would not be on the other shard: disable it, and enable it there`,
  },
  {
    problem: 'Unsupported',
    sql: (
      database,
    ) => `SELECT TABLE_NAME, CONCAT(COLUMN_NAME, ' is of type ', DATA_TYPE) FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = ${database} AND DATA_TYPE NOT IN (${KNOWN_TYPES.map(stringLiteral).join(', ')})`,
    message: (object, words) => `column ${words} in table ${object}: it is not known how to copy it exactly`,
  },
  {
    problem: 'OtherRights',
    sql: (database) => {
      const names = `${database} LIKE Db`;
      const strangers = `NOT (Host = '' AND LEFT(User, ${KEYSPACE_ROLE_PREFIX.length}) = '${KEYSPACE_ROLE_PREFIX}')`;
      return ['db', 'tables_priv', 'columns_priv', 'procs_priv']
        .map(
          (table) =>
            `SELECT DISTINCT User, Host FROM mysql.${table} WHERE ${table === 'db' ? names : `Db = ${database}`} AND ${strangers}`,
        )
        .join(' UNION ');
    },
    message: (object, host) =>
      `account ${object}@${host === '' ? '(role)' : host} has rights on it that are not the keyspace’s, and would keep them: revoke them`,
  },
];

/** Everything that is found, as the server that the session is with sees it. */
export async function inspectDatabase(
  session: RowSession,
  database: string,
  signal: AbortSignal,
): Promise<readonly MovabilityFinding[]> {
  const findings: MovabilityFinding[] = [];
  for (const { problem, sql, message } of QUESTIONS) {
    const rows = await session.query(`look for ${problem}`, sql(stringLiteral(database)), signal);
    for (const row of rows) {
      const object = textAt(row, 0);
      findings.push({
        database,
        object,
        problem,
        isBlocking: true,
        message: message(object, textAt(row, 1)),
      });
    }
  }
  for (const row of await session.query('look for PreparedTransaction', 'XA RECOVER', signal)) {
    const message = `an XA transaction is prepared (${textAt(row, 3)}): commit it or roll it back`;
    findings.push({ database, object: null, problem: 'PreparedTransaction', isBlocking: true, message });
  }
  return findings;
}

/** Throws EngineError `NotMovable` with everything that keeps a database from being copied. */
export async function refuseBlocked(
  session: RowSession,
  database: string,
  signal: AbortSignal,
): Promise<void> {
  const blocking = (await inspectDatabase(session, database, signal)).filter(({ isBlocking }) => isBlocking);
  if (blocking.length > 0) {
    throw new EngineError(
      'NotMovable',
      `${database} cannot be moved: ${blocking.map(({ message }) => message).join('; ')}`,
    );
  }
}
