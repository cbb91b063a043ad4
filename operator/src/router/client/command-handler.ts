import type { Capabilities } from '../../wire/capabilities.ts';
import type { CommandCode } from '../../wire/command-code.ts';
import type { ProgressReport } from '../../wire/progress-report.ts';
import type { SessionChanges } from '../../wire/session-changes.ts';
import type { ClientAnswer } from './client-answer.ts';
import type { ClientIdentity } from './authenticator.ts';

/** A client that has logged in. */
export interface ClientFacts {
  /** What CONNECTION_ID() and KILL call it. */
  readonly connectionId: number;
  readonly identity: ClientIdentity;
  readonly address: string;
  readonly secure: boolean;
  /** What both sides can do. Does not change while the connection lives. */
  readonly capabilities: Capabilities;
  /** Number of the collation that the client asked for. */
  readonly collation: number;
  /** Database to use from the beginning; null for none. */
  readonly database: string | null;
  readonly attributes: ReadonlyMap<string, string>;
}

/** One command of a client. */
export interface ClientCommand {
  readonly code: CommandCode;
  /** The whole payload, the command's code included: the text of a query begins at 1. May be kept. */
  readonly payload: Buffer;
}

/** A session in a list of processes. */
export interface ShownSession {
  /** The current one. */
  readonly database: string | null;
  /** That runs. */
  readonly statement: Buffer | null;
  /** How far it is; null where that is not counted. */
  readonly progress: ProgressReport | null;
}

/**
 * The session behind one client connection. Calls never overlap. PING, QUIT and the authentication of
 * CHANGE_USER are dealt with before; every other known command comes here, COM_SET_OPTION included.
 */
export interface CommandHandler {
  /**
   * Bits of SERVER_STATUS as they are now: for answers that do not come here, and to tell on shutdown which connections are in
   * a transaction.
   */
  status(): number;
  /**
   * What has changed in the session and a client that tracks it was not told yet; null for nothing. Asked for with each answer that
   * can tell, and then told.
   */
  takeChanges(): SessionChanges | null;
  /**
   * Runs one command, and resolves when its answer was written. `signal` aborts when the command was killed (reason:
   * a `KilledError`) or the client has gone; commands of one connection share it until then, so remove listeners.
   *
   * A `ClientError` thrown is told to the client, and the connection lives. Once an answer has begun that is its end: throw it
   * where the protocol has room for an error, among rows or before a further result, not among column definitions.
   * Any other error is told as 1105 before an answer, and closes the connection in the middle of one, since nobody knows where
   * it stopped.
   */
  handle(command: ClientCommand, answer: ClientAnswer, signal: AbortSignal): Promise<void>;
  /** What a list of processes tells of the session. */
  shown(): ShownSession;
  /** COM_CHANGE_USER has succeeded: what the session knew is void. A thrown error is answered as in `handle`, and closes. */
  changeUser(client: ClientFacts, signal: AbortSignal): Promise<void>;
  /** The connection has ended, in whatever way: gives back what it holds. Called once, after the last `handle` has settled. */
  close(): Promise<void>;
}

/**
 * Makes the session of a client that has logged in. A thrown `ClientError` is told to the client instead of OK (an unknown
 * database, for example); what else is thrown, as 1105.
 */
export type OpenSession = (client: ClientFacts, signal: AbortSignal) => Promise<CommandHandler>;
