/** A text of a statement about users: a name, or the literal with that index. */
export type TextNode = { readonly text: string } | { readonly literal: number };

/** Whom a statement about users is about. */
export interface AccountNode {
  /** Null: the session's own user. */
  readonly user: TextNode | null;
  /** Behind `@`; null where nothing is said, which is `%`. */
  readonly host: string | null;
}

/** What somebody proves himself by: a password in clear, or what servers store of it. */
export interface ProofNode {
  readonly plugin: 'mysql_native_password' | 'ed25519';
  readonly form: 'password' | 'stored';
  readonly literal: number;
}

/** A statement about users, as far as routers make it. */
export type UserActionNode =
  | {
      readonly action: 'create' | 'alter';
      readonly condition: 'ifExists' | 'ifNotExists' | 'orReplace' | null;
      readonly account: AccountNode;
      readonly proof: ProofNode | null;
      readonly requires: 'NONE' | 'SSL' | null;
      /** Literal of MAX_USER_CONNECTIONS. */
      readonly maxConnections: number | null;
      readonly lock: 'LOCK' | 'UNLOCK' | null;
    }
  | { readonly action: 'drop'; readonly ifExists: boolean; readonly accounts: readonly AccountNode[] }
  | { readonly action: 'password'; readonly account: AccountNode; readonly proof: ProofNode }
  | {
      readonly action: 'grant' | 'revoke';
      /** As written; `ALL` for ALL PRIVILEGES, `(…)` behind one for columns. A role stands alone. */
      readonly privileges: readonly string[];
      readonly accounts: readonly AccountNode[];
    };
