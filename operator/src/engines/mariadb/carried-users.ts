/**
 * Users that applications or people have made on the shards there were, for a shard that is added later. What is carried is a
 * part of what a server stores, put together anew: never a statement of another server.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { CarriedOrder, CarriedState, CarriedUser, StoredProof } from '../users.ts';
import { KEYSPACE_ROLE_PREFIX, quoteName, userRole } from './keyspace-roles.ts';
import { OWN_SCHEMA } from './own-schema.ts';
import { STATEMENT_TIMEOUT_MILLISECONDS } from './roles.ts';
import type { ServerAccess } from './server-access.ts';
import { textOf } from './slave-status.ts';

/** Runs a statement of what is told as `what`. */
export type Run = (what: string, sql: string, values?: readonly string[]) => ReturnType<ServerAccess['run']>;

/** Users that were made here from a list, and what they were made to be; an empty name says that no list is needed any more. */
const TABLE = `CREATE TABLE IF NOT EXISTS ${OWN_SCHEMA}.carried_user (name VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, fingerprint CHAR(64) NOT NULL) ENGINE=InnoDB`;
const COMPLETE = '';

/** A part of a user's entry in `mysql.global_priv`. Source: https://mariadb.com/kb/en/mysqlglobal_priv-table/ */
const methodSchema = z.object({
  plugin: z.string().optional(),
  authentication_string: z.string().optional(),
});
const entrySchema = methodSchema.extend({
  auth_or: z.array(methodSchema).optional(),
  ssl_type: z.number().default(0),
  account_locked: z.boolean().default(false),
  max_user_connections: z.number().default(0),
  default_role: z.string().default(''),
  password_last_changed: z.number().optional(),
  password_lifetime: z.number().default(-1),
});
type Entry = z.infer<typeof entrySchema>;

const PLUGINS: ReadonlySet<string> = new Set<StoredProof['plugin']>(['mysql_native_password', 'ed25519']);
/** REQUIRE NONE and REQUIRE SSL. */
const MOST_SSL_TYPE = 1;

/** See MemberSession. */
export async function readCarriedUsers(
  server: ServerAccess,
  signal: AbortSignal,
): Promise<readonly CarriedUser[]> {
  const run: Run = (what, sql, values = []) =>
    server.run(what, sql, values, STATEMENT_TIMEOUT_MILLISECONDS, signal);
  if (!(await hasTable(run, 'user'))) {
    return [];
  }
  const entries = await run(
    'read users',
    `SELECT p.User AS name, CONCAT('', p.Priv) AS entry
       FROM mysql.global_priv p
       LEFT JOIN ${OWN_SCHEMA}.user u ON u.name = p.User
       LEFT JOIN ${OWN_SCHEMA}.account a ON a.name = p.User
      WHERE p.Host = '%' AND u.name IS NULL AND a.name IS NULL AND p.User <> '' AND p.User NOT LIKE 'shardwright%'
        AND COALESCE(JSON_VALUE(p.Priv, '$.is_role'), 0) = 0
      ORDER BY p.User`,
  );
  const mappings = await run(
    'read roles',
    'SELECT Host AS host, User AS user, Role AS role FROM mysql.roles_mapping',
  );
  const granted = new Set(
    mappings.map((row) => mapping(textOf(row, 'host'), textOf(row, 'user'), textOf(row, 'role'))),
  );
  return entries.flatMap((row) => {
    const user = carriedUser(textOf(row, 'name'), textOf(row, 'entry'), granted);
    return user === null ? [] : [user];
  });
}

function mapping(host: string, user: string, role: string): string {
  return JSON.stringify([host, user, role]);
}

/** Null for one that cannot be carried as it is: less would lock it out, and more is nobody's to give. */
function carriedUser(name: string, text: string, granted: ReadonlySet<string>): CarriedUser | null {
  const entry = entrySchema.safeParse(JSON.parse(text)).data;
  if (entry === undefined) {
    return null;
  }
  const proofs = proofsOf(entry);
  const expires = entry.password_lifetime >= 0 || entry.password_last_changed === 0;
  if (proofs === null || expires || entry.ssl_type > MOST_SSL_TYPE || entry.max_user_connections < 0) {
    return null;
  }
  const own = userRole(name);
  const isGranted = granted.has(mapping('%', name, entry.default_role));
  const hasOwnRole = isGranted && entry.default_role === own;
  const held = hasOwnRole ? rolesOf(own, granted) : isGranted ? [entry.default_role] : [];
  return {
    name,
    proofs,
    requireTls: entry.ssl_type === MOST_SSL_TYPE,
    maxConnections: entry.max_user_connections,
    isLocked: entry.account_locked,
    roles: held.filter((role) => role.startsWith(KEYSPACE_ROLE_PREFIX)).toSorted(),
    hasOwnRole,
  };
}

function proofsOf(entry: Entry): readonly StoredProof[] | null {
  // With several methods the first stands in the entry itself and an empty object in its place.
  const methods = (entry.auth_or ?? [{}]).map((method) =>
    method.plugin === undefined || method.plugin === '' ? entry : method,
  );
  const proofs = methods.flatMap(
    ({ plugin = 'mysql_native_password', authentication_string: stored = '' }) =>
      PLUGINS.has(plugin) && stored !== '' ? [{ plugin: plugin as StoredProof['plugin'], stored }] : [],
  );
  return proofs.length === methods.length ? proofs : null;
}

function rolesOf(own: string, granted: ReadonlySet<string>): readonly string[] {
  return [...granted].flatMap((text) => {
    const [host, user, role = ''] = JSON.parse(text) as readonly string[];
    return host === '' && user === own ? [role] : [];
  });
}

async function hasTable(run: Run, name: string): Promise<boolean> {
  const rows = await run(
    'read users',
    `SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${OWN_SCHEMA}' AND TABLE_NAME = ?`,
    [name],
  );
  return rows.length > 0;
}

/**
 * Makes users of a list that are missing, and has those it made follow the list until it is final. One that exists and was not made
 * so is left as it is: then it was made here like on every other shard. `beforeChange` is called before each change.
 */
export async function carryUsers(
  run: Run,
  order: CarriedOrder | null,
  beforeChange: () => void,
): Promise<{ readonly changed: readonly string[]; readonly state: CarriedState }> {
  const made = await readMade(run);
  if (order === null || made.has(COMPLETE)) {
    return { changed: [], state: { digest: null, isComplete: made.has(COMPLETE) } };
  }
  const rows = await run('read users', `SELECT User AS name FROM mysql.global_priv WHERE Host = '%'`);
  const existing = new Set(rows.map((row) => textOf(row, 'name')));
  const changed: string[] = [];
  const make = async (user: CarriedUser): Promise<void> => {
    beforeChange();
    await run('carry users', TABLE);
    await makeUser(run, user);
    changed.push(user.name);
  };
  for (const user of order.users) {
    const isOurs = made.has(user.name);
    if (!existing.has(user.name)) {
      await make(user);
    } else if (isOurs && made.get(user.name) !== fingerprintOf(user)) {
      beforeChange();
      await dropUser(run, user.name);
      await make(user);
    }
  }
  const listed = new Set(order.users.map(({ name }) => name));
  for (const name of made.keys()) {
    if (!listed.has(name)) {
      beforeChange();
      await dropUser(run, name);
      changed.push(name);
    }
  }
  if (order.isFinal) {
    beforeChange();
    await run('carry users', TABLE);
    await run('carry users', `INSERT IGNORE INTO ${OWN_SCHEMA}.carried_user VALUES (?, '')`, [COMPLETE]);
  }
  return { changed, state: { digest: order.digest, isComplete: order.isFinal } };
}

async function readMade(run: Run): Promise<ReadonlyMap<string, string>> {
  if (!(await hasTable(run, 'carried_user'))) {
    return new Map();
  }
  const rows = await run('read users', `SELECT name, fingerprint FROM ${OWN_SCHEMA}.carried_user`);
  return new Map(rows.map((row) => [textOf(row, 'name'), textOf(row, 'fingerprint')]));
}

function fingerprintOf(user: CarriedUser): string {
  return createHash('sha256').update(JSON.stringify(user)).digest('hex');
}

/** It is noted first: what is made by half is known as ours, and made anew. Locked until it is whole, and never with more than its roles. */
async function makeUser(run: Run, user: CarriedUser): Promise<void> {
  const { name, proofs, requireTls, maxConnections, isLocked, roles, hasOwnRole } = user;
  const what = `carry user ${name}`;
  const note = `INSERT INTO ${OWN_SCHEMA}.carried_user VALUES (?, ?) ON DUPLICATE KEY UPDATE fingerprint = VALUES(fingerprint)`;
  await run(what, note, [name, '']);
  const identified = proofs.map(({ plugin }) => `${plugin} USING ?`).join(' OR ');
  await run(
    what,
    `CREATE USER ?@'%' IDENTIFIED VIA ${identified} REQUIRE ${requireTls ? 'SSL' : 'NONE'} WITH MAX_USER_CONNECTIONS ${maxConnections} ACCOUNT LOCK`,
    [name, ...proofs.map(({ stored }) => stored)],
  );
  const own = quoteName(userRole(name));
  const needed = [...roles.map(quoteName), ...(hasOwnRole ? [own] : [])];
  for (const role of needed) {
    await run(what, `CREATE ROLE IF NOT EXISTS ${role}`);
  }
  if (hasOwnRole) {
    for (const role of roles) {
      await run(what, `GRANT ${quoteName(role)} TO ${own}`);
    }
  }
  const role = hasOwnRole ? own : needed[0];
  if (role !== undefined) {
    await run(what, `GRANT ${role} TO ?@'%'`, [name]);
    await run(what, `SET DEFAULT ROLE ${role} FOR ?@'%'`, [name]);
  }
  if (!isLocked) {
    await run(what, `ALTER USER ?@'%' ACCOUNT UNLOCK`, [name]);
  }
  await run(what, note, [name, fingerprintOf(user)]);
}

async function dropUser(run: Run, name: string): Promise<void> {
  const what = `drop user ${name}`;
  await run(what, `DROP USER IF EXISTS ?@'%'`, [name]);
  await run(what, `DROP ROLE IF EXISTS ${quoteName(userRole(name))}`);
  await run(what, `DELETE FROM ${OWN_SCHEMA}.carried_user WHERE name = ?`, [name]);
}
