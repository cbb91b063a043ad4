/**
 * What an account is for; the engine knows the rights that takes.
 * - `application`: reads and writes its schemas, defines tables in them; cannot bypass read-only.
 * - `administration`: everything but what would break replication: it cannot bypass read-only, either.
 * - `replication`: receives changes from another member, and reads the databases that are taken over from another shard.
 * - `monitoring`: sees states and figures, no data.
 */
export type AccountPurpose = 'application' | 'administration' | 'replication' | 'monitoring';

/** An account as it should be. */
export interface Account {
  readonly name: string;
  readonly purpose: AccountPurpose;
  /** From memory only; engines keep no copy and write it to no log, argument or file of their own. */
  readonly password: string;
  /** Whether connections without TLS are refused. */
  readonly requireTls: boolean;
  /** For `application`: the schemas it may use; a trailing `*` stands for any ending. */
  readonly schemas: readonly string[];
}

/** What `ensureAccounts` did. */
export interface AccountChanges {
  /** Names of accounts that were made or altered; empty when all were as they should be. */
  readonly changed: readonly string[];
}
