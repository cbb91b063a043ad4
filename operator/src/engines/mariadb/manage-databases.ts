/** Making the databases of keyspaces on a primary, and giving their roles the rights on them. */
import { EngineError } from '../engine-error.ts';
import { ACCESS_LEVELS, type DatabaseChanges, type DatabasesOrder } from '../keyspaces.ts';
import { KEYSPACE_ROLE_PREFIX, keyspaceRole, LEVEL_PRIVILEGES, quoteName } from './keyspace-roles.ts';
import { schemaPattern } from './privileges.ts';
import { requireWritablePrimary } from './require-primary.ts';
import { STATEMENT_TIMEOUT_MILLISECONDS } from './roles.ts';
import type { ServerAccess } from './server-access.ts';
import { textOf } from './slave-status.ts';
import { FORGET_FENCE, readFences, type RecordedFence } from './transfer/recorded-fences.ts';
import type { RightsTurns } from './transfer/rights-turns.ts';
import type { RunStatement } from './transfer/run-statement.ts';

/**
 * One call makes changes for no longer than this, plus one statement: whoever waits for the agent to finish what it does
 * waits for no more.
 */
const PATIENCE_MILLISECONDS = 500;

/** Names of the roles of keyspaces, for LIKE. */
const ROLE_PATTERN = `'${KEYSPACE_ROLE_PREFIX.replaceAll('_', '\\_')}%'`;

/** What there is. */
export interface ExistingDatabases {
  readonly databases: ReadonlySet<string>;
  readonly roles: ReadonlySet<string>;
  /** Databases that a role has rights on, by the name of the role. */
  readonly grants: ReadonlyMap<string, ReadonlySet<string>>;
  readonly fences: ReadonlyMap<string, RecordedFence>;
}

/** One change of what there is. */
export interface DatabaseChange {
  /** The database it is about; null for a role. */
  readonly database: string | null;
  readonly sql: string;
  readonly values: readonly string[];
}

/**
 * The changes that lead from what there is to what there should be, in order; each can be repeated. A database is
 * never dropped, but nobody keeps rights on one that is another shard's, and nobody gets any on one that is fenced by a map
 * that is not older than the order's. A fence is forgotten once the rights are back.
 */
export function planDatabases(
  { wanted, revision, untouched }: DatabasesOrder,
  existing: ExistingDatabases,
): readonly DatabaseChange[] {
  const leftAlone = new Set(untouched);
  return wanted.flatMap(({ keyspace, databases }) => {
    const roles = ACCESS_LEVELS.map((level) => keyspaceRole(keyspace, level));
    const held = new Set(databases);
    return [
      ...roles
        .filter((role) => !existing.roles.has(role))
        .map((role) => ({ database: null, sql: `CREATE ROLE IF NOT EXISTS ${quoteName(role)}`, values: [] })),
      ...roles.flatMap((role) =>
        [...(existing.grants.get(role) ?? [])]
          .filter((database) => !held.has(database) && !leftAlone.has(database))
          .map((database) => ({ database, sql: revokeStatement(database, [role]), values: [] })),
      ),
      ...databases
        .filter((database) => !leftAlone.has(database))
        .flatMap((database) => {
          const fence = existing.fences.get(database);
          const isFenced = fence !== undefined && fence.revision >= revision;
          const made = existing.databases.has(database)
            ? []
            : [{ database, sql: `CREATE DATABASE IF NOT EXISTS ${quoteName(database)}`, values: [] }];
          return isFenced
            ? made
            : [
                ...made,
                ...grantStatements(keyspace, database, existing.grants).map((sql) => ({
                  database,
                  sql,
                  values: [],
                })),
                ...(fence === undefined ? [] : [{ database, sql: FORGET_FENCE, values: [database] }]),
              ];
        }),
    ];
  });
}

/** The statements that give a keyspace's roles those rights on a database that they do not have yet. */
function grantStatements(
  keyspace: string,
  database: string,
  grants: ReadonlyMap<string, ReadonlySet<string>>,
): readonly string[] {
  return ACCESS_LEVELS.filter(
    (level) => grants.get(keyspaceRole(keyspace, level))?.has(database) !== true,
  ).map(
    (level) =>
      `GRANT ${LEVEL_PRIVILEGES[level]} ON ${schemaPattern(database)}.* TO ${quoteName(keyspaceRole(keyspace, level))}`,
  );
}

/** Takes all rights on a database from roles, each of which must have some. */
export function revokeStatement(database: string, roles: readonly string[]): string {
  return `REVOKE ALL PRIVILEGES ON ${schemaPattern(database)}.* FROM ${roles.map(quoteName).join(', ')}`;
}

/** See Upkeep.ensureDatabases. */
export async function ensureDatabases(
  server: ServerAccess,
  turns: RightsTurns,
  order: DatabasesOrder,
  signal: AbortSignal,
): Promise<DatabaseChanges> {
  const requireCommitsEnd = await requireWritablePrimary(server, 'databases', signal);
  const run: RunStatement = (what, sql, values = []) =>
    server.run(what, sql, values, STATEMENT_TIMEOUT_MILLISECONDS, signal);
  const changes = planDatabases(order, await readExisting(run));
  const deadline = server.clock.monotonic() + PATIENCE_MILLISECONDS;
  let made = 0;
  for (const { database, sql, values } of changes) {
    if (server.clock.monotonic() >= deadline) {
      break;
    }
    const isMade = await turns.take(async () => {
      // Since it was planned, a fence may have begun to take what this would give.
      if (database !== null && turns.isFencing(database)) {
        return false;
      }
      requireCommitsEnd();
      await run('set databases', sql, values);
      return true;
    });
    if (!isMade) {
      break;
    }
    made += 1;
  }
  return { changes: made, isComplete: made === changes.length };
}

async function readExisting(run: RunStatement): Promise<ExistingDatabases> {
  const databases = await run(
    'read databases',
    'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA',
  );
  const roles = await run(
    'read roles',
    `SELECT User AS name FROM mysql.global_priv WHERE Host = '' AND User LIKE ${ROLE_PATTERN}`,
  );
  return {
    databases: new Set(databases.map((row) => textOf(row, 'name'))),
    roles: new Set(roles.map((row) => textOf(row, 'name'))),
    grants: await readGrants(run),
    fences: await readFences(run),
  };
}

/** Databases that the roles of keyspaces have rights on, by the name of the role. */
export async function readGrants(run: RunStatement): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const rights = await run(
    'read rights',
    `SELECT User AS name, Db AS db FROM mysql.db WHERE Host = '' AND User LIKE ${ROLE_PATTERN}`,
  );
  const grants = new Map<string, Set<string>>();
  for (const row of rights) {
    const role = textOf(row, 'name');
    grants.set(role, (grants.get(role) ?? new Set()).add(databaseOfPattern(textOf(row, 'db'))));
  }
  return grants;
}

/** Inverse of `schemaPattern`, as the server keeps it. */
function databaseOfPattern(pattern: string): string {
  const name = pattern.replaceAll('\\_', '_');
  if (name.includes('\\')) {
    throw new EngineError('ServerError', `not a database's name: ${JSON.stringify(pattern)}`);
  }
  return name;
}
