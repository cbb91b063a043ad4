/** The roles through which users have access to keyspaces: one for each keyspace and level. */
import type { AccessLevel } from '../keyspaces.ts';

/** Every role of ours for a keyspace begins like this; keyspaces and users cannot be called so. */
export const KEYSPACE_ROLE_PREFIX = 'shardwright_keyspace_';

/** And every role of ours that stands for several of them. */
const USER_ROLE_PREFIX = 'shardwright_user_';

const SUFFIXES: Readonly<Record<AccessLevel, string>> = {
  readOnly: 'ro',
  readWrite: 'rw',
  owner: 'owner',
};

const READ = 'SELECT, SHOW VIEW';
const WRITE = `${READ}, INSERT, UPDATE, DELETE, EXECUTE, CREATE TEMPORARY TABLES, LOCK TABLES`;

/** What each level may do in a database. Source: https://mariadb.com/kb/en/grant/#database-privileges */
export const LEVEL_PRIVILEGES: Readonly<Record<AccessLevel, string>> = {
  readOnly: READ,
  readWrite: WRITE,
  owner: `${WRITE}, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER, DELETE HISTORY`,
};

/**
 * Name of the role of a keyspace and a level. Rights are given to it for each database that a shard holds, and to nobody
 * else: taking them from the roles keeps everybody from a database at once, on replicas too.
 */
export function keyspaceRole(keyspace: string, level: AccessLevel): string {
  return `${KEYSPACE_ROLE_PREFIX}${keyspace}_${SUFFIXES[level]}`;
}

/** Name of the role of a user with access to several keyspaces: a user has one default role, which must hold them all. */
export function userRole(user: string): string {
  return USER_ROLE_PREFIX + user;
}

/** An identifier as SQL takes it. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
