/** One connection to a server, logged in as one user. The port that sessions work with. */
import type { VariableState } from '../session/session-variables.ts';
import type { BackendError } from './backend-error.ts';
import type { Outcome } from './outcome.ts';
import type { ResultSink } from './result-sink.ts';

/** Where a server is, and how it is recognised. */
export interface BackendServer {
  /** Unique among the servers of the cluster, in all epochs. */
  readonly pod: string;
  readonly host: string;
  readonly port: number;
  /** Name that its certificate must carry. */
  readonly serverName: string;
  /** Path of its socket, where it is on this machine: used instead of host and port, and without TLS. */
  readonly socketPath?: string;
}

/** Capabilities that change answers: connections that differ in them are not interchangeable. */
export interface ConnectionTraits {
  /** CLIENT_FOUND_ROWS: an UPDATE counts the rows it found, changed or not. */
  readonly foundRows: boolean;
  /** MARIADB_CLIENT_EXTENDED_METADATA: definitions of columns tell more about types. */
  readonly extendedMetadata: boolean;
  /** CLIENT_INTERACTIVE is never used: the router, not the server, closes idle connections. */
  readonly localFiles: boolean;
  /**
   * What tells the account from what it was before. A connection keeps the role that it began with, and has no rights any more where
   * its user was dropped: it is not for a client who logs in to the account as it is now.
   */
  readonly generation: string;
}

/** What a connection must be like when a statement runs. */
export interface Surroundings {
  /** The current database. Undefined leaves it as it is. */
  readonly database?: string;
  /** Variables of the session. Undefined leaves them as they are. */
  readonly variables?: VariableState;
  /** Statements without rows that are to run before, e.g. `START TRANSACTION`. */
  readonly first?: readonly string[];
}

/** A statement prepared on one connection. */
export interface PreparedStatement {
  /** The server's number for it, on this connection. */
  readonly id: number;
  /** Payloads of the definitions of its parameters. */
  readonly parameters: readonly Buffer[];
  /** Payloads of the definitions of its columns. */
  readonly columns: readonly Buffer[];
  readonly warnings: number;
}

/** A statement with values, for {@link BackendConnection.executeText}. */
export interface ExecutableStatement {
  /** As it is prepared in the database of the surroundings. */
  readonly text: Buffer;
  /** The same, byte for byte (latin1): what it is found by where it is prepared already. */
  readonly key: string;
  /** A text that means the same with any other current database; null where there is none. */
  readonly qualified: (() => Buffer | undefined) | null;
  /** What follows the statement's number in COM_STMT_EXECUTE; see {@link BackendConnection.execute}. */
  readonly body: Buffer;
}

/** How preparing ended. `payload`: the ERR packet; where it was the prelude's, made anew. */
export type Preparation =
  | { readonly kind: 'prepared'; readonly statement: PreparedStatement }
  | { readonly kind: 'refused'; readonly outcome: Outcome; readonly payload: Buffer };

/**
 * Requests may be made before earlier ones are answered; they are sent one after the other, in the order of the calls: what
 * is sent behind a LOAD DATA LOCAL would become a part of the file. Every request rejects with {@link BackendError}, whose `execution` tells what became of it; what the server answers, an error too, is an outcome.
 * When the signal aborts, the connection is given up, and what still runs on the server is killed.
 */
export interface BackendConnection {
  readonly server: BackendServer;
  readonly user: string;
  readonly traits: ConnectionTraits;
  /** The server's number for the connection. */
  readonly threadId: number;
  /** As the server names it, e.g. `11.8.6-MariaDB-0+deb13u1`. */
  readonly serverVersion: string;
  /** The current database; null for none. */
  readonly database: string | null;
  /** Variables as they were last set by surroundings, or noted. */
  readonly variables: VariableState;
  /** SERVER_STATUS flags of the last answer. */
  readonly status: number;
  /** Whether another session may have it as it is, given that this one left nothing that servers do not tell of. */
  readonly isClean: boolean;
  /** Why it is of no use any more; undefined while it works. */
  readonly failure: BackendError | undefined;
  /** Resolves, once, when it is of no use any more. */
  readonly ended: Promise<BackendError>;

  /**
   * Runs a statement of text. What `surroundings` ask for and is not so yet is set in the same packet, before the statement:
   * no further round trip, and when it fails the statement is not executed.
   */
  query(
    statement: Buffer,
    sink: ResultSink,
    surroundings: Surroundings,
    signal: AbortSignal,
  ): Promise<Outcome>;

  /** Prepares a statement; a text that is prepared already in the same surroundings costs nothing. */
  prepare(statement: Buffer, surroundings: Surroundings, signal: AbortSignal): Promise<Preparation>;

  /**
   * Executes a prepared statement. `body` is the payload of COM_STMT_EXECUTE behind the statement's number: flags, iteration
   * count, null bitmap, types and values; the types must be there, for the server may have forgotten those of before.
   * `variables` must be set before by `prepare` or `put`.
   */
  execute(statementId: number, body: Buffer, sink: ResultSink, signal: AbortSignal): Promise<Outcome>;

  /**
   * Executes a statement, which is prepared before where it is not yet: in the same packet, unless the surroundings have to be
   * changed for it. What the server says against preparing it is an error of the statement.
   */
  executeText(
    statement: ExecutableStatement,
    sink: ResultSink,
    surroundings: Surroundings,
    signal: AbortSignal,
  ): Promise<Outcome>;

  /** Sends a piece of a parameter's value (COM_STMT_SEND_LONG_DATA). Has no answer. */
  sendLongData(statementId: number, parameter: number, piece: Buffer): void;

  /** Fetches `count` rows of an open cursor: `rows` and `end` of the sink, without `columns`. */
  fetch(statementId: number, count: number, sink: ResultSink, signal: AbortSignal): Promise<Outcome>;

  /** Takes back long data and closes the cursor of a statement. */
  resetStatement(statementId: number, signal: AbortSignal): Promise<Outcome>;

  /** Closes a prepared statement. Has no answer. */
  closeStatement(statementId: number): void;

  /**
   * Tells how the variables are after a statement of the session's own set some. Without it, a connection whose server reported
   * a change of variables is reset before another session gets it. The values are to be read back by name
   * (`SELECT @@session.x`), not taken from `changes` of an outcome: MariaDB 11.8 reports wrong names there, and no version
   * reports a user variable, or the collation of SET NAMES.
   */
  noteVariables(variables: VariableState): void;

  /** Changes surroundings without a statement; nothing is sent when they are so already. */
  put(surroundings: Surroundings, signal: AbortSignal): Promise<Outcome | undefined>;

  /**
   * Selects another database if the current one is among these, and closes statements that were prepared in them. A session
   * keeps the rights to its current database that it had when it selected it, whatever is taken from the user since. Does
   * nothing while a request is under way or a transaction is open.
   */
  leave(databases: ReadonlySet<string>, signal: AbortSignal): Promise<void>;

  /**
   * Makes the session a fresh one (COM_RESET_CONNECTION): no transaction, temporary tables, locks, variables, prepared
   * statements. The current database stays, and so does what SET ROLE made of the role: such a connection is to be destroyed.
   */
  reset(signal: AbortSignal): Promise<void>;

  /** Resolves when the server answers. */
  ping(signal: AbortSignal): Promise<void>;

  /**
   * Interrupts what the server is doing for this connection (KILL QUERY, over another connection). The request under way ends
   * with the server's error 1317; the transaction stays. Never hits a later request.
   */
  cancel(signal: AbortSignal): Promise<void>;

  /** Gives the connection up; requests under way fail with `reason`, and what still runs on the server is killed. */
  destroy(reason: BackendError): void;
}
