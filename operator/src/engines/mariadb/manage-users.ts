/** Making, renewing and dropping users on a primary. */
import type { DatabaseUser, UserChanges, UsersOrder } from '../users.ts';
import { carryUsers, type Run } from './carried-users.ts';
import { quoteName, userRole } from './keyspace-roles.ts';
import { OWN_SCHEMA } from './own-schema.ts';
import { requireWritablePrimary } from './require-primary.ts';
import { STATEMENT_TIMEOUT_MILLISECONDS } from './roles.ts';
import type { ServerAccess } from './server-access.ts';
import { textOf } from './slave-status.ts';
import {
  hashesOf,
  identifiedBy,
  REVOKE_EVERYTHING,
  rightsStatements,
  userFingerprint,
} from './user-rights.ts';

/**
 * Which users are ours, and which rights they were last given. Made when it is first needed: databases of former versions
 * lack it.
 */
const USER_TABLE = `CREATE TABLE IF NOT EXISTS ${OWN_SCHEMA}.user (name VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, fingerprint CHAR(64) NOT NULL) ENGINE=InnoDB`;

/** Which nodes routers have claimed for generated ids, and until when; see the router's `id-claims`. */
const ROUTER_IDS_TABLE = `CREATE TABLE IF NOT EXISTS ${OWN_SCHEMA}.router_ids (node SMALLINT UNSIGNED NOT NULL PRIMARY KEY, claimed_until BIGINT UNSIGNED NOT NULL) ENGINE=InnoDB`;

/** A user that exists. */
interface ExistingUser {
  readonly hashes: readonly string[];
  /** Of the rights it was last given; undefined for one that is not ours. */
  readonly fingerprint: string | undefined;
}

/** See Upkeep.ensureUsers. */
export async function ensureUsers(
  server: ServerAccess,
  { users, untouched, carried: carriedOrder }: UsersOrder,
  signal: AbortSignal,
): Promise<UserChanges> {
  const requireCommitsEnd = await requireWritablePrimary(server, 'users', signal);
  const run: Run = (what, sql, values = []) =>
    server.run(what, sql, values, STATEMENT_TIMEOUT_MILLISECONDS, signal);
  if (!(await hasUserTable(run))) {
    requireCommitsEnd();
    await run('keep claims of generated ids', ROUTER_IDS_TABLE);
    await run('keep a list of users', USER_TABLE);
  }
  const { existing, ours } = await readUsers(run);
  const changed: string[] = [];
  const taken: string[] = [];
  for (const user of users) {
    const present = existing.get(user.name);
    if (present !== undefined && present.fingerprint === undefined) {
      taken.push(user.name);
    } else if (!isAsWanted(user, present)) {
      requireCommitsEnd();
      await setUser(run, user, present);
      changed.push(user.name);
    }
  }
  const kept = new Set([...users.map(({ name }) => name), ...untouched]);
  for (const name of ours) {
    if (!kept.has(name)) {
      requireCommitsEnd();
      await dropUser(run, name);
      changed.push(name);
    }
  }
  const carried = await carryUsers(run, carriedOrder, requireCommitsEnd);
  return { changed: [...changed, ...carried.changed], taken, carried: carried.state };
}

async function hasUserTable(run: Run): Promise<boolean> {
  const rows = await run(
    'read users',
    `SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${OWN_SCHEMA}' AND TABLE_NAME = 'user'`,
  );
  return rows.length > 0;
}

/** A user that was kept as an account of the cluster's before, with rights by names, is ours as well. */
async function readUsers(
  run: Run,
): Promise<{ readonly existing: ReadonlyMap<string, ExistingUser>; readonly ours: ReadonlySet<string> }> {
  const entries = await run(
    'read users',
    // Joined with nothing, or the driver takes it apart: the column says that it holds JSON.
    `SELECT p.User AS name, CONCAT('', p.Priv) AS entry, COALESCE(u.fingerprint, IF(a.name IS NULL, NULL, '')) AS fingerprint
       FROM mysql.global_priv p
       LEFT JOIN ${OWN_SCHEMA}.user u ON u.name = p.User
       LEFT JOIN ${OWN_SCHEMA}.account a ON a.name = p.User
      WHERE p.Host = '%'`,
  );
  const listed = await run('read users', `SELECT name FROM ${OWN_SCHEMA}.user`);
  return {
    existing: new Map(
      entries.map((row) => [
        textOf(row, 'name'),
        {
          hashes: hashesOf(textOf(row, 'entry')),
          fingerprint: row['fingerprint'] === null ? undefined : textOf(row, 'fingerprint'),
        },
      ]),
    ),
    ours: new Set(listed.map((row) => textOf(row, 'name'))),
  };
}

function isAsWanted(user: DatabaseUser, present: ExistingUser | undefined): boolean {
  const hashes = user.passwordHashes.toSorted();
  return (
    present?.fingerprint === userFingerprint(user) &&
    present.hashes.length === hashes.length &&
    hashes.every((hash, index) => hash === present.hashes[index])
  );
}

/**
 * Each statement can be repeated. That the user is ours is noted before it is made, or a crash in between would leave a
 * stranger; that all is done comes last. Rights are taken away only when they change, for an application at work would
 * notice the moment without.
 */
async function setUser(run: Run, user: DatabaseUser, present: ExistingUser | undefined): Promise<void> {
  const { name, passwordHashes, requireTls, maxConnections } = user;
  const what = `set user ${name}`;
  const fingerprint = userFingerprint(user);
  const note = `INSERT INTO ${OWN_SCHEMA}.user (name, fingerprint) VALUES (?, ?)
     ON DUPLICATE KEY UPDATE fingerprint = VALUES(fingerprint)`;
  const isUnchanged = present?.fingerprint === fingerprint;
  if (!isUnchanged) {
    await run(what, note, [name, '']);
  }
  const identified = `?@'%' ${identifiedBy(passwordHashes)}`;
  const limits = `REQUIRE ${requireTls ? 'SSL' : 'NONE'} WITH MAX_USER_CONNECTIONS ${maxConnections}`;
  // A connection has for all its life the global rights that its user had at its login: nobody logs in before they are whole.
  const isHalf = !isUnchanged && (present === undefined || isRevokedFirst(user, present));
  const lock = isHalf ? 'ACCOUNT LOCK' : '';
  await run(what, `CREATE USER IF NOT EXISTS ${identified} ${limits} ${lock}`, [name, ...passwordHashes]);
  await run(what, `ALTER USER ${identified} ${limits} ${lock}`, [name, ...passwordHashes]);
  if (isUnchanged) {
    return;
  }
  if (isRevokedFirst(user, present)) {
    await run(what, REVOKE_EVERYTHING, [name]);
  }
  const statements = rightsStatements(
    user,
    await grantedRoles(run, '%', name),
    await grantedRoles(run, '', userRole(name)),
  );
  for (const sql of statements) {
    await run(what, sql, sql.includes('?') ? [name] : []);
  }
  if (isHalf) {
    await run(what, `ALTER USER ?@'%' ACCOUNT UNLOCK`, [name]);
  }
  await run(what, `DELETE FROM ${OWN_SCHEMA}.account WHERE name = ?`, [name]);
  await run(what, note, [name, fingerprint]);
}

/** Rights that were given by hand, by a former version or by half: of a user whose rights we know there are none. */
function isRevokedFirst({ access }: DatabaseUser, present: ExistingUser | undefined): boolean {
  return access.kind === 'router' || present?.fingerprint === '';
}

async function grantedRoles(run: Run, host: string, user: string): Promise<readonly string[]> {
  const rows = await run(
    'read roles',
    'SELECT Role AS role FROM mysql.roles_mapping WHERE Host = ? AND User = ?',
    [host, user],
  );
  return rows.map((row) => textOf(row, 'role'));
}

async function dropUser(run: Run, name: string): Promise<void> {
  const what = `drop user ${name}`;
  await run(what, `DROP USER IF EXISTS ?@'%'`, [name]);
  await run(what, `DROP ROLE IF EXISTS ${quoteName(userRole(name))}`);
  await run(what, `DELETE FROM ${OWN_SCHEMA}.user WHERE name = ?`, [name]);
}
