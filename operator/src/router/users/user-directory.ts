/** The users of the cluster, as a router sees them. */
import type { Credential } from '../backend/credential.ts';

/** A way by which a user may prove who he is; the server stores these, in this order. */
export type Verifier =
  /** SHA1(SHA1(password)), 20 bytes. */
  | { readonly plugin: 'mysql_native_password'; readonly hash: Buffer }
  /** The public key, 32 bytes. */
  | { readonly plugin: 'ed25519'; readonly publicKey: Buffer };

/** An account that a client may log in as. */
export interface UserAccount {
  readonly user: string;
  /** Host pattern of the account that matched the client's address. */
  readonly host: string;
  /** What of the account's plugins a client is verified by; never the derived credential. */
  readonly verifiers: readonly Verifier[];
  /** Whether connections without TLS are refused. */
  readonly requireTls: boolean;
  readonly locked: boolean;
  readonly passwordExpired: boolean;
  /** Connections of this user at once; 0 is no limit. */
  readonly maxConnections: number;
  /**
   * What to log in to servers with. Undefined: the servers know no derived credential of this account; only SHA1 of the
   * password, recovered from a login by mysql_native_password, will do.
   */
  readonly credential: Credential | undefined;
}

/** What is known of a user name at an address. */
export type UserLookup =
  | { readonly kind: 'found'; readonly account: UserAccount }
  /** No such user, or none at this address. To be answered like a wrong password. */
  | { readonly kind: 'unknown' }
  /** The user is there, and routers cannot serve it; `reason` is for the log and, after it proved who it is, nobody else. */
  | { readonly kind: 'unserved'; readonly reason: string };

/** Looks users up. */
export interface UserDirectory {
  /**
   * The account of `user` for a client at `address` (an IP address as text). Rejects when the users are not known yet and cannot
   * be read.
   */
  find(user: string, address: string, signal: AbortSignal): Promise<UserLookup>;
  /** To be called after the users were changed through this router: the next look-up reads them anew. */
  invalidate(): void;
}
