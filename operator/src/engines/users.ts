/** Users of the database: those of applications, which the spec names, and the routers' own. */
import type { AccessLevel } from './keyspaces.ts';

/**
 * What a user may do.
 * - `keyspaces`: use the databases of keyspaces, those that the member's shard holds.
 * - `router`: see who may log in, how far replicas are, and what tables look like; no row of anybody.
 */
export type UserAccess =
  | { readonly kind: 'keyspaces'; readonly level: AccessLevel; readonly keyspaces: readonly string[] }
  | { readonly kind: 'router' };

/** A user as it should be. */
export interface DatabaseUser {
  readonly name: string;
  /** What the server stores of the passwords that identify it, any of them, most used first. See `Credentials`. */
  readonly passwordHashes: readonly string[];
  /** Whether connections without TLS are refused. */
  readonly requireTls: boolean;
  /** Connections it may have open at once on a server; 0 for no limit of its own. */
  readonly maxConnections: number;
  readonly access: UserAccess;
}

/** All users that are kept from outside. */
export interface UsersOrder {
  readonly users: readonly DatabaseUser[];
  /** Names of users that stay as they are, should they exist: nobody can say now what they should be. */
  readonly untouched: readonly string[];
}

/** What `ensureUsers` did. */
export interface UserChanges {
  /** Names of users that were made, altered or dropped; empty when all was as it should be. */
  readonly changed: readonly string[];
  /** Names of users that exist and are somebody else's: they were left as they are. */
  readonly taken: readonly string[];
}

/** How an engine stores passwords. */
export interface Credentials {
  /** What the server stores of a password. */
  hash(password: string): string;
  /** The password by which routers log in as `user`, given the routers' secret. */
  routerPassword(secret: string, user: string): string;
  /** What the server stores of the password by which routers log in as `user`. */
  routerHash(secret: string, user: string): string;
}
