import type { ConsistencyLevel, TransactionMode } from '../../api/v1alpha1/index.ts';
import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import type { ConnectionTraits } from '../backend/backend-connection.ts';
import type { Loan } from '../backend/backend-pool.ts';
import type { Credential } from '../../wire/login/credential.ts';
import type { ClientFacts } from '../client/command-handler.ts';
import type { Dialect } from '../sql/dialect.ts';
import {
  CAPABILITY,
  EXTENDED_CAPABILITY,
  hasCapability,
  hasExtendedCapability,
} from '../../wire/capabilities.ts';
import { SERVER_STATUS } from '../../wire/server-status.ts';
import { type Diagnostic, NO_DIAGNOSTICS } from './diagnostics.ts';
import { SessionTracking } from './session-tracking.ts';
import { INITIAL_VARIABLES, type VariableState } from './session-variables.ts';
import { NO_TRANSACTION, type TransactionState } from './transaction-state.ts';
import { EMPTY_TOKEN, formatWriteToken, type WriteToken } from './write-token.ts';

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
  /** How long a read of one's own writes may wait for a replica to have them before it goes to the primary; 0: not at all. */
  readonly waitMilliseconds: number;
  readonly transactions: TransactionMode | null;
}

/** No wishes. */
export const NO_WISHES: SessionWishes = {
  key: null,
  shard: null,
  consistency: null,
  fastest: false,
  waitMilliseconds: 0,
  transactions: null,
};

const NOTHING_YET: LastOutcome = { insertId: 0n, rowCount: -1n, foundRows: 0n };

/** How far a statement is. */
export interface StatementProgress {
  readonly text: string;
  /** From 0 to 100. */
  readonly percent: number;
}

/** What a router knows of one client's session. Server connections come and go below it. */
export class Session {
  readonly client: ClientFacts;
  readonly credential: Credential;
  readonly traits: ConnectionTraits;
  /** What the client is to be told of its session. */
  tracking = new SessionTracking();
  #schema: string | null = null;
  variables: VariableState = INITIAL_VARIABLES;
  #charset = 'utf8mb4';
  #modes: ReadonlySet<string> = new Set();
  /** Bits of the status that tell of sql_mode. */
  #modeStatus = 0;
  /** Null after a change of what it is made of. */
  #dialect: Dialect | null = null;
  #autocommit = true;
  transaction: TransactionState = NO_TRANSACTION;
  wishes: SessionWishes = NO_WISHES;
  #token: WriteToken = EMPTY_TOKEN;
  last: LastOutcome = NOTHING_YET;
  diagnostics: readonly Diagnostic[] = NO_DIAGNOSTICS;
  /** Of the statement under way, where somebody counts. */
  progress: StatementProgress | null = null;
  /** Texts that PREPARE has named, by their names in lower case. */
  readonly preparedTexts = new Map<string, Buffer>();
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

  /** The current database as the client sees it: a keyspace or a schema of the server. */
  get schema(): string | null {
    return this.#schema;
  }

  set schema(schema: string | null) {
    this.#schema = schema;
    this.tracking.schemaChanged(schema ?? '');
  }

  get autocommit(): boolean {
    return this.#autocommit;
  }

  set autocommit(isOn: boolean) {
    this.#autocommit = isOn;
    this.tracking.variableChanged('autocommit', () => (isOn ? 'ON' : 'OFF'));
  }

  /** What the session has written. */
  get token(): WriteToken {
    return this.#token;
  }

  set token(token: WriteToken) {
    if (token !== this.#token) {
      this.#token = token;
      this.tracking.variableChanged('shardwright_gtid', () => formatWriteToken(token));
    }
  }

  /** Bits of the status that tell of the session, at the end of every answer. */
  get status(): number {
    return (
      (this.autocommit ? SERVER_STATUS.autocommit : 0) |
      (this.transaction.kind === 'open' ? SERVER_STATUS.inTransaction : 0) |
      this.#modeStatus
    );
  }

  /** character_set_client, in lower case. */
  get charset(): string {
    return this.#charset;
  }

  set charset(charset: string) {
    this.#charset = charset;
    this.#dialect = null;
  }

  /** How its statements are read before a server of that version: the same object as long as nothing of it changes. */
  dialect(serverVersion: number): Dialect {
    if (this.#dialect?.serverVersion !== serverVersion) {
      const isAnsi = this.hasMode('ANSI');
      this.#dialect = {
        charset: this.charset === 'latin1' ? 'latin1' : 'utf8mb4',
        ansiQuotes: isAnsi || this.hasMode('ANSI_QUOTES'),
        noBackslashEscapes: this.hasMode('NO_BACKSLASH_ESCAPES'),
        pipesAsConcat: isAnsi || this.hasMode('PIPES_AS_CONCAT'),
        highNotPrecedence: this.hasMode('HIGH_NOT_PRECEDENCE'),
        serverVersion,
      };
    }
    return this.#dialect;
  }

  /** sql_mode of the session, in upper case. A combination such as ANSI stands beside what it is made of. */
  set sqlMode(mode: string) {
    this.#modes = new Set(mode.split(','));
    this.#modeStatus =
      (this.hasMode('NO_BACKSLASH_ESCAPES') ? SERVER_STATUS.noBackslashEscapes : 0) |
      (this.hasMode('ANSI_QUOTES') ? SERVER_STATUS.ansiQuotes : 0);
    this.#dialect = null;
  }

  /** Whether sql_mode has a word. */
  hasMode(word: string): boolean {
    return this.#modes.has(word);
  }

  /**
   * As after COM_RESET_CONNECTION: the current database and the user stay, and the character set is that of the login again.
   * What the session has written stays as well: that a later read sees it is never wrong.
   */
  reset(variables: VariableState, charset: string): void {
    this.variables = variables;
    this.sqlMode = this.#defaultSqlMode;
    this.charset = charset;
    this.#autocommit = true;
    this.tracking = new SessionTracking();
    this.transaction = NO_TRANSACTION;
    this.wishes = NO_WISHES;
    this.last = NOTHING_YET;
    this.diagnostics = NO_DIAGNOSTICS;
    this.preparedTexts.clear();
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

function traitsOf({ capabilities, identity }: ClientFacts): ConnectionTraits {
  return {
    foundRows: hasCapability(capabilities, CAPABILITY.foundRows),
    extendedMetadata: hasExtendedCapability(capabilities, EXTENDED_CAPABILITY.extendedMetadata),
    // Whether a client is asked for a file is decided for each statement.
    localFiles: true,
    generation: identity.generation,
  };
}
