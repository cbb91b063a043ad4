import type { ServerError } from './backend-error.ts';

/** What the server told about its session in an OK packet: only what changed since the packet before. */
export interface SessionChanges {
  /** The current database. */
  readonly database?: string;
  /** System variables, names in lower case; `last_gtid` is not among them. */
  readonly variables: readonly (readonly [name: string, value: string])[];
  /** Position of the transaction that was committed (`domain-server-sequence`). */
  readonly lastGtid?: string;
  /** Statements that begin a transaction with the characteristics of the next or the present one; empty for the defaults. */
  readonly transactionCharacteristics?: string;
}

/** The end of one result: what an OK packet says. */
export interface Completion {
  readonly affectedRows: bigint;
  readonly lastInsertId: bigint;
  /** SERVER_STATUS flags. */
  readonly status: number;
  readonly warnings: number;
  /** The readable text, such as `Rows matched: 1  Changed: 1  Warnings: 0`. */
  readonly info: Buffer;
  readonly changes: SessionChanges;
}

/** How a request ended that the server answered. */
export interface Outcome {
  /** The error that ended the answer; undefined when all went well. */
  readonly error: ServerError | undefined;
  /** The error came from what had to be set or used before the statement, which was not executed. The sink saw nothing. */
  readonly inPrelude: boolean;
  /** The last result's end; undefined when there was an error. */
  readonly completion: Completion | undefined;
  /** Results that ended well. */
  readonly results: number;
  /** All changes of the session during the request in the order they came, those of the prelude not included. */
  readonly changes: readonly SessionChanges[];
  /** `lastGtid` of the last change that had one. */
  readonly lastGtid: string | undefined;
}
