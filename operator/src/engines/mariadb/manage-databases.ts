/** Making the databases of keyspaces on a primary, and giving their roles the rights on them. */
import { EngineError } from '../engine-error.ts';
import { ACCESS_LEVELS, type DatabaseChanges, type KeyspaceDatabases } from '../keyspaces.ts';
import { KEYSPACE_ROLE_PREFIX, keyspaceRole, LEVEL_PRIVILEGES, quoteName } from './keyspace-roles.ts';
import { schemaPattern } from './privileges.ts';
import { requireWritablePrimary } from './require-primary.ts';
import { STATEMENT_TIMEOUT_MILLISECONDS } from './roles.ts';
import type { ServerAccess } from './server-access.ts';
import { textOf } from './slave-status.ts';

/**
 * One call makes changes for no longer than this, plus one statement: whoever waits for the agent to finish what it does
 * waits for no more.
 */
const PATIENCE_MILLISECONDS = 500;

/** What there is. */
export interface ExistingDatabases {
  readonly databases: ReadonlySet<string>;
  readonly roles: ReadonlySet<string>;
  /** Databases that a role has rights on, by the name of the role. */
  readonly grants: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * The statements that lead from what there is to what there should be, in order; each can be repeated. A database is
 * never dropped, but nobody keeps rights on one that is another shard's.
 */
export function planDatabases(
  wanted: readonly KeyspaceDatabases[],
  existing: ExistingDatabases,
): readonly string[] {
  return wanted.flatMap(({ keyspace, databases }) => {
    const roles = ACCESS_LEVELS.map((level) => ({
      role: keyspaceRole(keyspace, level),
      privileges: LEVEL_PRIVILEGES[level],
    }));
    const held = new Set(databases);
    return [
      ...roles
        .filter(({ role }) => !existing.roles.has(role))
        .map(({ role }) => `CREATE ROLE IF NOT EXISTS ${quoteName(role)}`),
      ...roles.flatMap(({ role }) =>
        [...(existing.grants.get(role) ?? [])]
          .filter((database) => !held.has(database))
          .map((database) => `REVOKE ALL PRIVILEGES ON ${schemaPattern(database)}.* FROM ${quoteName(role)}`),
      ),
      ...databases.flatMap((database) => [
        ...(existing.databases.has(database) ? [] : [`CREATE DATABASE IF NOT EXISTS ${quoteName(database)}`]),
        ...roles
          .filter(({ role }) => existing.grants.get(role)?.has(database) !== true)
          .map(
            ({ role, privileges }) =>
              `GRANT ${privileges} ON ${schemaPattern(database)}.* TO ${quoteName(role)}`,
          ),
      ]),
    ];
  });
}

/** See Upkeep.ensureDatabases. */
export async function ensureDatabases(
  server: ServerAccess,
  wanted: readonly KeyspaceDatabases[],
  signal: AbortSignal,
): Promise<DatabaseChanges> {
  const requireCommitsEnd = await requireWritablePrimary(server, 'databases', signal);
  const statements = planDatabases(wanted, await readExisting(server, signal));
  const deadline = server.clock.monotonic() + PATIENCE_MILLISECONDS;
  let changes = 0;
  for (const sql of statements) {
    if (server.clock.monotonic() >= deadline) {
      break;
    }
    requireCommitsEnd();
    await server.run('set databases', sql, [], STATEMENT_TIMEOUT_MILLISECONDS, signal);
    changes += 1;
  }
  return { changes, isComplete: changes === statements.length };
}

async function readExisting(server: ServerAccess, signal: AbortSignal): Promise<ExistingDatabases> {
  const read = (sql: string) => server.run('read databases', sql, [], STATEMENT_TIMEOUT_MILLISECONDS, signal);
  const databases = await read('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA');
  const pattern = `'${KEYSPACE_ROLE_PREFIX.replaceAll('_', '\\_')}%'`;
  const roles = await read(
    `SELECT User AS name FROM mysql.global_priv WHERE Host = '' AND User LIKE ${pattern}`,
  );
  const rights = await read(
    `SELECT User AS name, Db AS db FROM mysql.db WHERE Host = '' AND User LIKE ${pattern}`,
  );
  const grants = new Map<string, Set<string>>();
  for (const row of rights) {
    const role = textOf(row, 'name');
    grants.set(role, (grants.get(role) ?? new Set()).add(databaseOfPattern(textOf(row, 'db'))));
  }
  return {
    databases: new Set(databases.map((row) => textOf(row, 'name'))),
    roles: new Set(roles.map((row) => textOf(row, 'name'))),
    grants,
  };
}

/** Inverse of `schemaPattern`, as the server keeps it. */
function databaseOfPattern(pattern: string): string {
  const name = pattern.replaceAll('\\_', '_');
  if (name.includes('\\')) {
    throw new EngineError('ServerError', `not a database's name: ${JSON.stringify(pattern)}`);
  }
  return name;
}
