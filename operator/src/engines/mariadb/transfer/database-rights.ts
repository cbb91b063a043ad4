/** What the roles of a keyspace may do in one database: to be given, or taken, while clients wait. */
import { ACCESS_LEVELS } from '../../keyspaces.ts';
import type { Row, Statement } from '../connection.ts';
import { AGENT_USER } from '../credentials.ts';
import { keyspaceRole, LEVEL_PRIVILEGES, quoteName } from '../keyspace-roles.ts';
import { schemaPattern } from '../privileges.ts';
import { numberOf } from '../slave-status.ts';

/** One role of a keyspace, seen from one database. */
export interface RoleRights {
  readonly role: string;
  /** What it may do in the databases that it has rights on. */
  readonly privileges: string;
  /** Whether it has rights on the database. */
  readonly isGiven: boolean;
  /** Whether anybody but the agent, who made it, has the role. */
  readonly isUsed: boolean;
}

/** Those that may do most come first. */
const LEVELS = ACCESS_LEVELS.toReversed();

/** Asks for them; see {@link toDatabaseRights}. */
export function selectDatabaseRights(keyspace: string, database: string): Statement {
  // As mysql.db has it: the pattern without its quotes.
  const pattern = schemaPattern(database).slice(1, -1);
  const columns = LEVELS.map((level) => {
    const role = `'${keyspaceRole(keyspace, level)}'`;
    return (
      `EXISTS (SELECT 1 FROM mysql.db WHERE Host = '' AND User = ${role} AND Db = ?) AS ${level}_given, ` +
      `EXISTS (SELECT 1 FROM mysql.roles_mapping WHERE Role = ${role} AND User <> '${AGENT_USER}') AS ${level}_used`
    );
  });
  return { sql: `SELECT ${columns.join(', ')}`, values: LEVELS.map(() => pattern) };
}

/** Reads the answer. Roles that somebody has come first, and of these the ones that may do most: more clients wait for them. */
export function toDatabaseRights([row = {}]: readonly Row[], keyspace: string): readonly RoleRights[] {
  return LEVELS.map((level) => ({
    role: keyspaceRole(keyspace, level),
    privileges: LEVEL_PRIVILEGES[level],
    isGiven: numberOf(row, `${level}_given`) === 1,
    isUsed: numberOf(row, `${level}_used`) === 1,
  })).toSorted((one, other) => Number(other.isUsed) - Number(one.isUsed));
}

/** The statements that give the roles what they lack, in the order of the roles. */
export function giveDatabaseRights(database: string, rights: readonly RoleRights[]): readonly Statement[] {
  return rights
    .filter(({ isGiven }) => !isGiven)
    .map(({ role, privileges }) => ({
      sql: `GRANT ${privileges} ON ${schemaPattern(database)}.* TO ${quoteName(role)}`,
    }));
}
