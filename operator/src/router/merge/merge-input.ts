import type { ColumnDefinition } from '../../wire/column-definition.ts';

/**
 * Answers of slots while they arrive. They are read as fast as they are merged: a source that is not asked for rows has to keep
 * its servers waiting, so that the memory in use is bounded.
 */
export interface RowSource {
  /** Resolves with the columns of the answer, once there is one. Rejects when it is an error. */
  open(signal: AbortSignal): Promise<readonly ColumnDefinition[]>;
  /**
   * Payloads of the next rows, as they came in the text protocol; never empty; null after the last. Rejects when a slot
   * failed. Not called before `open` has resolved, nor again before it has resolved itself. Rows stay unchanged until they were
   * merged: they must not be views of a buffer that is used again.
   */
  read(signal: AbortSignal): Promise<readonly Buffer[] | null>;
}

/**
 * How rows are dealt out to sources.
 * - `bySlot`: each source has the rows of one slot, in the order in which the slot was asked for them.
 * - `mixed`: in any way and any order. Not for plans that merge sorted rows.
 */
export type Arrangement = 'bySlot' | 'mixed';

/** Bounds of one merge. */
export interface MergeCaps {
  /** Most rows read from all slots. */
  readonly rows: number;
  /** Most bytes kept for groups and distinct rows. */
  readonly bytes: number;
  /** Longest time from the beginning to the last row. */
  readonly milliseconds: number;
}

/** The merged answer. */
export interface MergedRows {
  /** As the servers gave them, without what was added for merging. */
  readonly columns: readonly ColumnDefinition[];
  /** Payloads of rows in the text protocol, in batches; never empty. Throws MergeError, the signal's reason, and what a source rejected with. */
  readonly batches: AsyncIterable<readonly Buffer[]>;
}
