import type { Position } from './position.ts';
import type { DatabaseHoldings } from '../core/rebuild/evidence.ts';
import type { SlotFence } from './slot-fence.ts';
import type { MeasuredSize, MiddleKeyOrder, MovabilityFinding } from './slot-measure.ts';
import type { SlotTransfer } from './slot-transfer.ts';

/** Everything a session offers for moves. */
export interface SlotOperations {
  readonly transfer: SlotTransfer;
  readonly fence: SlotFence;
  /** End of this server's own history: of an open primary, everything that has been committed on it. */
  readEnd(signal: AbortSignal): Promise<Position>;
  /** Sizes, of any member: cheap enough for every database of a shard once a minute. Databases that are not there are left out. */
  measure(databases: readonly string[], signal: AbortSignal): Promise<readonly MeasuredSize[]>;
  /** What there is of keyspaces and of moves on the open primary, for a map that is made again. Exact only while nobody changes it. */
  holdings(signal: AbortSignal): Promise<DatabaseHoldings>;
  /** What keeps databases from being moved, on any member that has them. Opens every table: for plans, not for loops. */
  inspect(databases: readonly string[], signal: AbortSignal): Promise<readonly MovabilityFinding[]>;
  /**
   * The key in the middle of the largest table of a database, in canonical form, so that it has rows on both sides. Reads half of an
   * index, or sorts a table, for half a minute at most a statement. EngineError `NotMovable` where no table has two keys.
   */
  middleKey(order: MiddleKeyOrder, signal: AbortSignal): Promise<string>;
}
