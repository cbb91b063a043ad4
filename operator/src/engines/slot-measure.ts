/** What a database weighs, and what keeps it from being moved while it is used. */

/** How large a database is, by the engine's own estimate. */
export interface DatabaseSize {
  readonly database: string;
  readonly rows: number;
  /** Rows and indexes, on disk. */
  readonly bytes: number;
  /** Rows that statements read or changed in a second, of late; absent while that is not known. */
  readonly rowsPerSecond?: number;
}

/** The same, as it was measured at one moment. */
export interface MeasuredSize extends DatabaseSize {
  /** Rows that statements have read or changed since some moment; null where the server does not count them. */
  readonly rowsHandled: number | null;
}

/** A database for which the key in the middle is asked. */
export interface MiddleKeyOrder {
  readonly database: string;
  /** Name of the key column of a table; null where it has none. */
  readonly keyOf: (table: string) => string | null;
}

/**
 * - `NoPrimaryKey`: a table without a primary key: rows cannot be told apart.
 * - `StorageEngine`: a table of an engine that has no snapshot of one moment.
 * - `ForeignKeyLeaves`: a foreign key to another database, or from one: what is in one shard cannot refer to another.
 * - `ScheduledEvent`: an event that is enabled: it would change rows at both sides. It is copied disabled.
 * - `Versioned`: a table with a history kept by the server, which an insertion cannot repeat.
 * - `PreparedTransaction`: an XA transaction that is prepared: its rows are in no snapshot, and in the log already.
 * - `OtherRights`: an account that is not the keyspace's has rights on the database, which a fence does not take.
 * - `Unsupported`: anything else that a copy would not be exact for; the message says what.
 */
export const MOVABILITY_PROBLEMS = [
  'NoPrimaryKey',
  'StorageEngine',
  'ForeignKeyLeaves',
  'ScheduledEvent',
  'Versioned',
  'PreparedTransaction',
  'OtherRights',
  'Unsupported',
] as const;
export type MovabilityProblem = (typeof MOVABILITY_PROBLEMS)[number];

/** One reason, and whether it forbids the move. */
export interface MovabilityFinding {
  readonly database: string;
  /** The table, event or constraint it is about; null for what concerns the server. */
  readonly object: string | null;
  readonly problem: MovabilityProblem;
  /** False for what is only to be known. */
  readonly isBlocking: boolean;
  readonly message: string;
}
