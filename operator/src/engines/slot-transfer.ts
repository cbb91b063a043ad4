/**
 * Taking a database over from another shard while it is used, and keeping everybody from it at the moment of the switch.
 * All of it works on the primary that the session belongs to: the receiving one copies, follows and verifies, the giving
 * one fences. A database has the same name on both sides, and users have no rights on it where it is not served.
 *
 * What a move has reached is recorded in the receiving database itself, in the transaction that holds the rows
 * (`RecordedProgress`), so that a crash or a promotion of either side neither loses a change nor makes one twice.
 */
import type { KeyspaceLayout } from '../core/keyspace/keyspace-layout.ts';
import type { Source } from './source.ts';
import type { Position } from './position.ts';

/** Some of the rows of a database, by their keys: every row of it is either `inside` or `outside`. */
export interface PartOfRows {
  /** Intervals as routers will compare keys with them. */
  readonly layout: KeyspaceLayout;
  /** The slot whose rows are `inside`; all others are `outside`, those without a key too. */
  readonly slot: number;
  readonly side: 'inside' | 'outside';
  /** Key column of a table; null for one that has none. */
  readonly keyOf: (table: string) => string | null;
}

/** What a database is called here, where that is not its name at the source, and which of its rows it gets. */
export interface DatabaseHere {
  readonly database: string;
  /** Null for all. */
  readonly rows: PartOfRows | null;
}

/** How hard a copy may work. Read anew before every piece of work: a change takes effect at once. */
export interface TransferLimits {
  /** Most rows in one transaction of a copy. */
  readonly batchRows: number;
  /** Rows a second on average; undefined for no limit. */
  readonly rowsPerSecond?: number;
  /** Bytes of rows a second, as they travel; undefined for no limit. */
  readonly bytesPerSecond?: number;
}

/** Why work waits, in the form of a condition: a reason in one word, and a sentence. */
export interface TransferPause {
  readonly reason: string;
  readonly message: string;
}

/** What bridles a copy and a verification. A tail is never held up. */
export interface TransferThrottle {
  /** The limits of this moment. */
  limits(): TransferLimits;
  /** Why no work may be done now; null when it may. Asked before every piece of work, and again every 250 ms while it waits. */
  shouldPause(): TransferPause | null;
}

/** How far a copy is. Totals are the source's estimates: the figures may end above them. */
export interface CopyProgress {
  /** `Schema` while tables are made, and again while what comes after the rows is; `Copying` while rows travel. */
  readonly stage: 'Schema' | 'Copying';
  readonly rows: number;
  readonly rowsTotal: number;
  readonly bytes: number;
  readonly bytesTotal: number;
  /** Why it waits now; null while it works. */
  readonly paused: TransferPause | null;
}

/** One database to copy. */
export interface CopyOrder {
  readonly moveId: string;
  /** Its name at the source. */
  readonly database: string;
  /** @default all of it, under the same name */
  readonly here?: DatabaseHere;
  /** A member of the shard that has the database; a replica that is not behind, by choice. Logged in to over TLS. */
  readonly source: Source;
  readonly throttle: TransferThrottle;
  /** Called at every change of a figure, at most four times a second, and at every change of stage or pause. */
  readonly onProgress: (progress: CopyProgress) => void;
}

/** A finished copy. */
export interface CopyResult {
  /** The history of the source up to which the copy holds everything. Recorded; see `RecordedProgress`. */
  readonly position: Position;
  readonly tables: number;
  readonly rows: number;
  readonly bytes: number;
}

/** How far a move has come, as the receiving database itself records it. */
export interface RecordedProgress {
  readonly moveId: string;
  readonly database: string;
  /** Everything of the source's history up to here is in the database, and nothing after it. There is none before the copy is complete. */
  readonly position: Position;
}

/** One database that a tail keeps up with its source. */
export interface FollowedDatabase {
  readonly moveId: string;
  /** Its name at the source; one of a tail's databases. */
  readonly database: string;
  /** @default all of it, under the same name */
  readonly here?: DatabaseHere;
  /**
   * Changes of the database at or before it are in it already. Where progress is recorded for the move, that is the
   * one to give; without any (the way back), the position of the source at which it opened.
   */
  readonly after: Position;
}

/** The databases of all moves that receive from one shard: one stream serves them all. */
export interface FollowOrder {
  readonly databases: readonly FollowedDatabase[];
  /** Any member of the shard that gives; its primary has the shortest way. */
  readonly source: Source;
  /**
   * Everything of a database up to `position` is applied, with every transaction that is applied or passed over.
   * The newest is known at once; it is recorded in the database with the rows, and once a second without any.
   */
  readonly onPosition: (moveId: string, position: Position) => void;
  /**
   * How old the newest change of the source that reached the tail is; null until something did. Milliseconds, by the
   * clocks of both, at least once a second.
   */
  readonly onLag: (milliseconds: number | null) => void;
  /**
   * A database is no longer followed and the others are: `DefinitionChanged` when a table or anything else was
   * defined anew at the source, which a tail cannot repeat; otherwise why its rows could not be applied. What
   * is recorded stays before that change.
   */
  readonly onStopped: (moveId: string, error: Error) => void;
}

/** A tail that runs. */
export interface Tail {
  /**
   * Never resolves; rejects when the tail has ended as a whole: with the signal's reason, or an EngineError `SourceLost`
   * (try another member), `PositionLost` (the source's log no longer reaches back so far; the copy has to be made
   * again), or what the own server said. To follow again is always safe.
   */
  readonly ended: Promise<never>;
  /** Stops applying between two transactions of the source, for all databases. One hold at a time: a second waits. */
  hold(signal: AbortSignal): Promise<TailHold>;
}

/** A tail that applies nothing, until it is released. It goes on receiving, within bounds. */
export interface TailHold {
  /** The position that database has now; see `FollowOrder.onPosition`. */
  position(moveId: string): Position;
  /**
   * Applies everything up to exactly `position` and holds again. EngineError `Refused` when some database is past it
   * already.
   */
  advance(position: Position, signal: AbortSignal): Promise<void>;
  release(): void;
}

/** One database to compare with its source. */
export interface VerifyOrder {
  readonly moveId: string;
  /** Its name at the source. */
  readonly database: string;
  /** @default all of it, under the same name */
  readonly here?: DatabaseHere;
  readonly source: Source;
  /** The tail that follows it: it is held for the moment in which both sides are opened at one position. */
  readonly tail: Tail;
  readonly throttle: TransferThrottle;
  readonly onProgress: (progress: { readonly rows: number; readonly paused: TransferPause | null }) => void;
}

/** A row, or a run of rows, that is not the same on both sides. */
export interface RowDifference {
  readonly table: string;
  /** The primary key's values as SQL literals, joined by commas; null where definitions differ, not rows. */
  readonly key: string | null;
  readonly kind: 'missing' | 'unexpected' | 'different' | 'definition';
  readonly message: string;
}

/** What a comparison found. */
export interface Verdict {
  /** Both sides were compared as of here. */
  readonly position: Position;
  readonly tables: number;
  readonly rows: number;
  readonly isEqual: boolean;
  /** Empty for equal databases; 20 at most. */
  readonly differences: readonly RowDifference[];
}

/**
 * The receiving side. Every call throws EngineError: `Refused` on a server that is no open primary, `SourceLost` when
 * the source does not answer or no longer does, `NotMovable` (with the findings in its message) for a database that
 * cannot be taken over, otherwise what the own server said.
 */
export interface SlotTransfer {
  /** What is recorded here of moves, whoever recorded it. */
  readProgress(signal: AbortSignal): Promise<readonly RecordedProgress[]>;
  /**
   * Copies a database as it is at one moment of its source: tables, rows, and then what acts on rows or beside them.
   * Events are disabled. Starts from nothing: what has the name here is dropped first, together with what is recorded of
   * the move; `Refused` while users have rights on it. Nobody is given rights. Records the position last, in one transaction.
   */
  copy(order: CopyOrder, signal: AbortSignal): Promise<CopyResult>;
  /** Applies what changes at the source, for ever; see `Tail`. */
  follow(order: FollowOrder, signal: AbortSignal): Tail;
  /** Compares both sides at one position while both go on, definitions and rows, by figures: no row travels. */
  verify(order: VerifyOrder, signal: AbortSignal): Promise<Verdict>;
  /**
   * Drops the database, its fence and what is recorded of the move: the end of a move on the side that does not serve it.
   * `Refused` while users have rights on it: then it is served here. Nothing of it there: returns. Other moves stay.
   */
  drop(database: string, moveId: string, signal: AbortSignal): Promise<void>;
  /** Forgets what is recorded of a move that has ended, and leaves its database as it is. */
  forget(moveId: string, signal: AbortSignal): Promise<void>;
}
