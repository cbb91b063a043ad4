import type { ConsistencyLevel, TransactionMode } from '../../api/v1alpha1/index.ts';
import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import type { ConnectionTraits } from '../backend/backend-connection.ts';
import type { Loan } from '../backend/backend-pool.ts';
import type { Credential } from '../backend/credential.ts';
import type { ClientFacts } from '../client/command-handler.ts';
import {
  CAPABILITY,
  EXTENDED_CAPABILITY,
  hasCapability,
  hasExtendedCapability,
} from '../wire/capabilities.ts';
import { SERVER_STATUS } from '../wire/server-status.ts';
import { type Diagnostic, NO_DIAGNOSTICS } from './diagnostics.ts';
import { INITIAL_VARIABLES, type VariableState } from './session-variables.ts';
import { NO_TRANSACTION, type TransactionState } from './transaction-state.ts';
import { EMPTY_TOKEN, type WriteToken } from './write-token.ts';

/** What the last statement left for functions that ask for it. */
export interface LastOutcome {
  /** LAST_INSERT_ID() */
  readonly insertId: bigint;
  /** ROW_COUNT() */
  readonly rowCount: bigint;
  /** FOUND_ROWS() */
  readonly foundRows: bigint;
}

/** What a session has asked for by `SET shardwright_…`. */
export interface SessionWishes {
  readonly key: KeyLiteral | null;
  readonly shard: number | null;
  readonly consistency: ConsistencyLevel | null;
  readonly fastest: boolean;
  readonly transactions: TransactionMode | null;
}

/** No wishes. */
export const NO_WISHES: SessionWishes = {
  key: null,
  shard: null,
  consistency: null,
  fastest: false,
  transactions: null,
};

const NOTHING_YET: LastOutcome = { insertId: 0n, rowCount: -1n, foundRows: 0n };

/** What a router knows of one client's session. Server connections come and go below it. */
export class Session {
  readonly client: ClientFacts;
  readonly credential: Credential;
  readonly traits: ConnectionTraits;
  /** The current database as the client sees it: a keyspace or a schema of the server. */
  schema: string | null = null;
  variables: VariableState = INITIAL_VARIABLES;
  /** character_set_client, in lower case. */
  charset = 'utf8mb4';
  #modes: ReadonlySet<string> = new Set();
  autocommit = true;
  transaction: TransactionState = NO_TRANSACTION;
  wishes: SessionWishes = NO_WISHES;
  token: WriteToken = EMPTY_TOKEN;
  last: LastOutcome = NOTHING_YET;
  diagnostics: readonly Diagnostic[] = NO_DIAGNOSTICS;
  /** A connection kept for the named locks that the session holds on it. */
  lockLoan: Loan | undefined;
  readonly #defaultSqlMode: string;

  constructor(client: ClientFacts, credential: Credential, defaultSqlMode: string) {
    this.client = client;
    this.credential = credential;
    this.#defaultSqlMode = defaultSqlMode;
    this.sqlMode = defaultSqlMode;
    this.traits = traitsOf(client);
  }

  get user(): string {
    return this.client.identity.user;
  }

  /** Bits of the status that tell of the session, at the end of every answer. */
  get status(): number {
    return (
      (this.autocommit ? SERVER_STATUS.autocommit : 0) |
      (this.transaction.kind === 'open' ? SERVER_STATUS.inTransaction : 0) |
      (this.hasMode('NO_BACKSLASH_ESCAPES') ? SERVER_STATUS.noBackslashEscapes : 0) |
      (this.hasMode('ANSI_QUOTES') ? SERVER_STATUS.ansiQuotes : 0)
    );
  }

  /** sql_mode of the session, in upper case. A combination such as ANSI stands beside what it is made of. */
  set sqlMode(mode: string) {
    this.#modes = new Set(mode.split(','));
  }

  /** Whether sql_mode has a word. */
  hasMode(word: string): boolean {
    return this.#modes.has(word);
  }

  /** As after COM_RESET_CONNECTION: the current database and the user stay. */
  reset(variables: VariableState): void {
    this.variables = variables;
    this.sqlMode = this.#defaultSqlMode;
    this.charset = 'utf8mb4';
    this.autocommit = true;
    this.transaction = NO_TRANSACTION;
    this.wishes = NO_WISHES;
    this.last = NOTHING_YET;
    this.diagnostics = NO_DIAGNOSTICS;
    this.releaseLocks();
  }

  /** Gives back the connection of named locks, which are free then. */
  releaseLocks(): void {
    this.lockLoan?.giveBack({ clean: false });
    this.lockLoan = undefined;
  }
}

/** Bits of a server's status that the session answers for. */
export const SESSION_STATUS_BITS: number =
  SERVER_STATUS.autocommit |
  SERVER_STATUS.inTransaction |
  SERVER_STATUS.readOnlyTransaction |
  SERVER_STATUS.noBackslashEscapes |
  SERVER_STATUS.ansiQuotes |
  SERVER_STATUS.sessionStateChanged;

function traitsOf({ capabilities }: ClientFacts): ConnectionTraits {
  return {
    foundRows: hasCapability(capabilities, CAPABILITY.foundRows),
    ignoreSpace: hasCapability(capabilities, CAPABILITY.ignoreSpace),
    extendedMetadata: hasExtendedCapability(capabilities, EXTENDED_CAPABILITY.extendedMetadata),
    localFiles: false,
  };
}
