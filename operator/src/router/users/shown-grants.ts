/** SHOW GRANTS as one database would answer: rights on keyspaces instead of roles and slots. Pure. */
import { KEYSPACE_ROLE_PREFIX, LEVEL_PRIVILEGES, quoteName } from '../../engines/mariadb/keyspace-roles.ts';
import { readDatabaseName } from '../../core/keyspace/database-names.ts';
import { readKeyspaceRole } from './keyspace-level.ts';

/** GRANT `role` TO `user`@`host`, or to a role. */
const ROLE_GRANT = /^GRANT `((?:[^`]|``)+)` TO `((?:[^`]|``)+)`(?:@`(?:[^`]|``)*`)?/;
/** GRANT … ON `database`.object TO …; the database as a pattern. */
const OBJECT_GRANT = /^GRANT .+? ON (?:(?:FUNCTION|PROCEDURE) )?`((?:[^`]|``)+)`\./;
const IDENTIFICATION = / IDENTIFIED (?:BY|VIA) .*?(?= REQUIRE | WITH |$)/;

/** The roles that a server's rows name, whose own grants have to be asked for: the user's own. */
export function namedRoles(rows: readonly string[]): readonly string[] {
  return rows
    .map((row) => ROLE_GRANT.exec(row)?.[1]?.replaceAll('``', '`') ?? '')
    .filter((role) => role !== '' && !role.startsWith(KEYSPACE_ROLE_PREFIX));
}

/** The rows for a client. `rows` are the server's, with those of the roles that the user has. `account`: as SQL. */
export function unifyGrants(
  rows: readonly string[],
  account: string,
  keyspaces: readonly string[],
): readonly string[] {
  const unified = rows.flatMap((row) => {
    if (row.startsWith('SET DEFAULT ROLE')) {
      return [];
    }
    const role = ROLE_GRANT.exec(row)?.[1]?.replaceAll('``', '`');
    if (role !== undefined) {
      const level = readKeyspaceRole(role, keyspaces);
      return level === undefined
        ? []
        : [`GRANT ${LEVEL_PRIVILEGES[level.level]} ON ${quoteName(level.keyspace)}.* TO ${account}`];
    }
    const database = OBJECT_GRANT.exec(row)?.[1]?.replaceAll('\\_', '_');
    if (database !== undefined && isOfKeyspace(database, keyspaces)) {
      return [];
    }
    const isOfRole = !row.includes('@') && row.startsWith('GRANT USAGE ON *.*');
    return isOfRole ? [] : [row.replace(IDENTIFICATION, '')];
  });
  return [...new Set(unified)];
}

function isOfKeyspace(database: string, keyspaces: readonly string[]): boolean {
  const keyspace = readDatabaseName(database)?.keyspace;
  return keyspace !== undefined && keyspaces.includes(keyspace);
}
