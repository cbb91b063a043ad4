/** Keeping everybody from a database at the moment of a switch: the giving side of a move. */
import type { Position } from './position.ts';

/** What is to be fenced, by which map, and in which time. */
export interface FenceOrder {
  readonly keyspace: string;
  readonly database: string;
  /** Of the move; tells one try of a switch from the next. */
  readonly attempt: number;
  /** Revision of the map that wants it. */
  readonly revision: number;
  /** For sessions to leave the database by themselves. */
  readonly sessionsMilliseconds: number;
  /** For all of it. */
  readonly totalMilliseconds: number;
  /** Whether sessions that do not leave in time are ended. @default false */
  readonly evicts?: boolean;
}

/** Who keeps a database from being fenced. */
export interface Obstacle {
  /**
   * - `Session`: it is in the database and does not leave.
   * - `Transaction`: it is open and has used a table of the database.
   */
  readonly kind: 'Session' | 'Transaction';
  /** User, address and number of the session; of its statement nothing. */
  readonly message: string;
}

/** What became of a fence. After `InTheWay` everything is as it was before, and users have their rights. */
export type FenceOutcome =
  | {
      readonly kind: 'Fenced';
      /** Everything that was ever acknowledged in the database is at or before it, and a replica has it. */
      readonly position: Position;
    }
  | { readonly kind: 'InTheWay'; readonly obstacle: Obstacle };

/** The giving side. Rights are replicated: a fence holds through a promotion. */
export interface SlotFence {
  /**
   * Has ready what both of the others need, so that neither logs in or makes anything while clients wait. Changes nobody's
   * rights, and need not be called. Errors as those of `fence`.
   */
  prepare(signal: AbortSignal): Promise<void>;
  /**
   * Ends all use of a database by users: nobody is in it, nobody has changes of it that are not committed, nobody has rights
   * on it, and that is recorded. Undone when it does not succeed in time, unless it stood before. To be called again after a promotion or
   * a restart of the agent: it does everything anew, for sessions of a replica survive its promotion. EngineError
   * `Refused` on a server that is no open primary.
   */
  fence(order: FenceOrder, signal: AbortSignal): Promise<FenceOutcome>;
  /**
   * Gives the keyspace's roles their rights on a database, and ends its fence. The quick way for one database; what
   * `ensureDatabases` does for all. `Refused` while it is fenced by this revision of the map or a later one.
   */
  unfence(
    order: { readonly keyspace: string; readonly database: string; readonly revision: number },
    signal: AbortSignal,
  ): Promise<void>;
}
