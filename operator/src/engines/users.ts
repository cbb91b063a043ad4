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

/** What a server stores of one way to prove who a user is. */
export interface StoredProof {
  readonly plugin: 'mysql_native_password' | 'ed25519';
  readonly stored: string;
}

/** A user that applications or people have made themselves, as a server stores it. No password is in it. */
export interface CarriedUser {
  readonly name: string;
  /** In the order in which a server tries them. */
  readonly proofs: readonly StoredProof[];
  readonly requireTls: boolean;
  /** As of `DatabaseUser`. */
  readonly maxConnections: number;
  readonly isLocked: boolean;
  /** Roles of keyspaces that it has after a login; no other right is carried. */
  readonly roles: readonly string[];
  /** Whether it has them by a role of its own. */
  readonly hasOwnRole: boolean;
}

/** Users that a shard which was added later is to have as the others do. */
export interface CarriedOrder {
  /** Tells one list from the next. */
  readonly digest: string;
  readonly users: readonly CarriedUser[];
  /** The other shards had exactly these after this one had them: from now on it is told of changes like they are. */
  readonly isFinal: boolean;
}

/** How far a shard has the users of the others. */
export interface CarriedState {
  /** Of the list that it has; null for none. */
  readonly digest: string | null;
  /** Whether it needs no list any more. */
  readonly isComplete: boolean;
}

/** All users that are kept from outside. */
export interface UsersOrder {
  readonly users: readonly DatabaseUser[];
  /** Names of users that stay as they are, should they exist: nobody can say now what they should be. */
  readonly untouched: readonly string[];
  /** Null where there is nothing to carry. */
  readonly carried: CarriedOrder | null;
}

/** What `ensureUsers` did. */
export interface UserChanges {
  /** Names of users that were made, altered or dropped; empty when all was as it should be. */
  readonly changed: readonly string[];
  /** Names of users that exist and are somebody else's: they were left as they are. */
  readonly taken: readonly string[];
  readonly carried: CarriedState;
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
