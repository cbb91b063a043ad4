import type { ServerErrorText } from '../../wire/server-error.ts';

/** Who wants to log in, before anything is proved. */
export interface LoginRequest {
  readonly user: string;
  /** Address of the client. */
  readonly address: string;
  /** The connection is encrypted. */
  readonly secure: boolean;
  /** Database that the client wants to use; null for none. */
  readonly database: string | null;
  /** Connection attributes such as `program_name`. */
  readonly attributes: ReadonlyMap<string, string>;
}

/**
 * One way in which a user may prove who he is, by the plugin that servers name so:
 * - `mysql_native_password`: `doubleHash` is SHA1(SHA1(password)), 20 bytes; null for an empty password.
 * - `client_ed25519`: `publicKey` is the 32 bytes that mysql.global_priv has in base64.
 * - `caching_sha2_password`: `stored` is the text `$A$005$…`; null for an empty password. `cached` is
 *   SHA256(SHA256(password)) where a former login has proved it, so that this one needs no TLS; null otherwise.
 */
export type LoginMethod =
  | { readonly plugin: 'mysql_native_password'; readonly doubleHash: Buffer | null }
  | { readonly plugin: 'client_ed25519'; readonly publicKey: Buffer }
  | {
      readonly plugin: 'caching_sha2_password';
      readonly stored: Buffer | null;
      readonly cached: Buffer | null;
    };

/** How a user has proved who he is. */
export interface LoginProof {
  readonly method: LoginMethod;
  /**
   * mysql_native_password: SHA1(password), with which one can log in to a server that knows the same password. Null for an
   * empty password and for the other plugins. A secret: keep it in memory only.
   */
  readonly nativeSecret: Buffer | null;
  /** caching_sha2_password: SHA256(SHA256(password)) for `cached` of later logins. Null for the other plugins. */
  readonly cachingSecret: Buffer | null;
}

/** A user whose login was accepted. */
export interface ClientIdentity {
  readonly user: string;
  /** Host pattern of the account, such as `%`. */
  readonly host: string;
  /** See {@link LoginProof.nativeSecret}. */
  readonly nativeSecret: Buffer | null;
  /** Tells the account from what it was before: by when its password was set, and by its default role. */
  readonly generation: string;
  /** Most connections of this user through this process at a time; null for no limit but the common one. */
  readonly maxConnections: number | null;
}

/** What becomes of a login whose proof holds. */
export type LoginDecision =
  | { readonly kind: 'accepted'; readonly identity: ClientIdentity }
  | { readonly kind: 'refused'; readonly error: ServerErrorText };

/** Knows the users. Injected into the listener; asked at every login and at COM_CHANGE_USER. */
export interface Authenticator {
  /**
   * The methods by which this user may identify, in the order in which they are tried: one that fails leads to the next.
   * Empty: nobody of this name may log in from there; the client is asked for a proof all the same, so that it
   * does not learn which names exist. A thrown error refuses the login with 1105 and is told to the listener's observer.
   */
  methods(request: LoginRequest, signal: AbortSignal): Promise<readonly LoginMethod[]>;
  /** Called once a proof holds: may still refuse (no TLS where the user needs it, an account that is locked, …). */
  accept(request: LoginRequest, proof: LoginProof, signal: AbortSignal): Promise<LoginDecision>;
}
