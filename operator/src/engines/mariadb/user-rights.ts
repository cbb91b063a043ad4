/** What a user's entry in the server should be, and telling whether it is. Pure. */
import { createHash } from 'node:crypto';
import { assertNever } from '../../runtime/assert-never.ts';
import type { DatabaseUser } from '../users.ts';
import { keyspaceRole, quoteName, userRole } from './keyspace-roles.ts';
import { OWN_SCHEMA } from './own-schema.ts';

/** What a router's own account may do: no row of anybody is in it. */
const ROUTER_GRANTS = [
  // REFERENCES makes information_schema show the columns of every table, and opens none.
  'REFERENCES, SLAVE MONITOR, BINLOG MONITOR ON *.*',
  'SELECT ON mysql.global_priv',
  ...['epoch', 'heartbeat'].map((table) => `SELECT ON \`${OWN_SCHEMA}\`.${table}`),
  `SELECT, INSERT, UPDATE ON \`${OWN_SCHEMA}\`.router_ids`,
];

/** How a user gets its rights. */
export interface UserRights {
  /** The `privileges ON object` of every GRANT to the user itself. */
  readonly grants: readonly string[];
  /** The roles of keyspaces. */
  readonly keyspaceRoles: readonly string[];
  /** The role that it has after every login, and the only one granted to it; undefined for none. */
  readonly role: string | undefined;
}

/** The rights of a user. One with access to several keyspaces has a role of its own, which holds theirs. */
export function rightsOf({ name, access }: DatabaseUser): UserRights {
  switch (access.kind) {
    case 'keyspaces': {
      const keyspaceRoles = access.keyspaces.map((keyspace) => keyspaceRole(keyspace, access.level));
      const role = keyspaceRoles.length > 1 ? userRole(name) : keyspaceRoles[0];
      return { grants: [], keyspaceRoles, role };
    }
    case 'router':
      return { grants: ROUTER_GRANTS, keyspaceRoles: [], role: undefined };
    default:
      return assertNever(access);
  }
}

/** Identifies everything about a user but its passwords. */
export function userFingerprint(user: DatabaseUser): string {
  const { requireTls, maxConnections } = user;
  return createHash('sha256')
    .update(JSON.stringify([requireTls, maxConnections, rightsOf(user)]))
    .digest('hex');
}

/**
 * The hashes in a user's entry in `mysql.global_priv`, sorted. With several methods the first stands in the entry itself
 * and an empty object in its place in `auth_or`. Source: https://mariadb.com/kb/en/mysqlglobal_priv-table/
 */
export function hashesOf(entry: string): readonly string[] {
  const parsed = JSON.parse(entry) as AuthenticationEntry & {
    readonly auth_or?: readonly AuthenticationEntry[];
  };
  return [parsed, ...(parsed.auth_or ?? [])]
    .map((method) => method.authentication_string ?? '')
    .filter((hash) => hash !== '')
    .toSorted();
}

interface AuthenticationEntry {
  readonly authentication_string?: string;
}

/** `IDENTIFIED VIA …`, with a `?` for each hash. */
export function identifiedBy(hashes: readonly string[]): string {
  return `IDENTIFIED VIA ${hashes.map(() => 'mysql_native_password USING ?').join(' OR ')}`;
}

/** Takes everything from a user, its roles included. */
export const REVOKE_EVERYTHING = `REVOKE ALL PRIVILEGES, GRANT OPTION FROM ?@'%'`;

/**
 * The statements that lead a user from the roles it has to its rights, in order; each can be repeated. `formerRoles` are
 * those granted to it now, `formerParts` those granted to its own role. What stays is never taken meanwhile: an
 * application at work would notice.
 */
export function rightsStatements(
  user: DatabaseUser,
  formerRoles: readonly string[],
  formerParts: readonly string[],
): readonly string[] {
  const { grants, keyspaceRoles, role } = rightsOf(user);
  const own = userRole(user.name);
  const account = `?@'%'`;
  return [
    ...[...keyspaceRoles, ...(role === own ? [own] : [])].map(
      (name) => `CREATE ROLE IF NOT EXISTS ${quoteName(name)}`,
    ),
    ...(role === own
      ? [
          ...keyspaceRoles
            .filter((part) => !formerParts.includes(part))
            .map((part) => grantRole(part, quoteName(own))),
          ...formerParts
            .filter((part) => !keyspaceRoles.includes(part))
            .map((part) => revokeRole(part, quoteName(own))),
        ]
      : []),
    ...(role === undefined ? [] : [grantRole(role, account)]),
    `SET DEFAULT ROLE ${role === undefined ? 'NONE' : quoteName(role)} FOR ${account}`,
    ...formerRoles.filter((former) => former !== role).map((former) => revokeRole(former, account)),
    ...(role === own ? [] : [`DROP ROLE IF EXISTS ${quoteName(own)}`]),
    ...grants.map((grant) => `GRANT ${grant} TO ${account}`),
  ];
}

function grantRole(role: string, to: string): string {
  return `GRANT ${quoteName(role)} TO ${to}`;
}

function revokeRole(role: string, from: string): string {
  return `REVOKE ${quoteName(role)} FROM ${from}`;
}
