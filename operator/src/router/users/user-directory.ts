/** The users of the cluster, as a router sees them. */
import type { Credential } from '../../wire/login/credential.ts';
import type { LoginMethod } from '../client/authenticator.ts';

/** An account that clients may log in as. */
export interface UserAccount {
  readonly user: string;
  /** By what of the account's plugins clients are verified, in the order of the account; never the derived credential. */
  readonly methods: readonly LoginMethod[];
  /** Whether connections without TLS are refused. */
  readonly requireTls: boolean;
  readonly locked: boolean;
  /** The password has to be changed, which can be done at a server only. */
  readonly passwordExpired: boolean;
  /** Connections of this user at once (MAX_USER_CONNECTIONS); null is no limit. */
  readonly maxConnections: number | null;
  /** Tells the account from what it was before: by when its password was set, and by its default role. */
  readonly generation: string;
  /**
   * What to log in to servers with. Undefined: the account has no derived credential; only what a login by
   * mysql_native_password reveals will do, see {@link serverCredential}.
   */
  readonly credential: Credential | undefined;
}

/** What is known of a user's name. */
export type UserLookup =
  | { readonly kind: 'found'; readonly account: UserAccount }
  /** No such user. To be answered like a wrong password. */
  | { readonly kind: 'unknown' }
  /** There is such a user, and routers cannot serve it. The reason is for logs: whoever asks has proved nothing. */
  | { readonly kind: 'unserved'; readonly reason: string };

/** Looks users up. */
export interface UserDirectory {
  /**
   * The account of `user`, as it was no longer than a second ago; as it was last known where the servers do not answer. A user
   * who is not found was not there when he was asked for.
   * Rejects when the user is not known and the users cannot be read.
   */
  find(user: string, signal: AbortSignal): Promise<UserLookup>;
  /** To be called after users were changed through this router: the next look-up reads them anew. */
  invalidate(): void;
  /** Reads the users again and again until the signal aborts, then resolves. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * What to log in to servers with. `nativeSecret`: SHA1(password), as a client's proof by mysql_native_password revealed it; null
 * for an empty password.
 */
export function serverCredential(account: UserAccount, nativeSecret: Buffer | null): Credential {
  if (account.credential !== undefined) {
    return account.credential;
  }
  return nativeSecret === null
    ? { kind: 'password', password: '' }
    : { kind: 'passwordSha1', sha1: nativeSecret };
}
