import type { ColumnDefinition } from '../wire/column-definition.ts';

/**
 * One slot's answer while it arrives. It is read as fast as it is merged: a source that is not asked for rows has to keep
 * its server waiting, so that the memory in use is bounded.
 */
export interface RowSource {
  readonly columns: readonly ColumnDefinition[];
  /**
   * Payloads of the next rows, as they came in the text protocol; never empty; null after the last. Rejects when the slot
   * failed. Not called again before it has resolved. Rows stay unchanged until they were merged: they must not be views of a
   * buffer that is used again.
   */
  read(signal: AbortSignal): Promise<readonly Buffer[] | null>;
}

/** Bounds of one merge. */
export interface MergeCaps {
  /** Most rows read from all slots. */
  readonly rows: number;
  /** Most bytes kept for groups and distinct rows. */
  readonly bytes: number;
  /** Longest time from the first to the last row. */
  readonly milliseconds: number;
}

/** The merged answer. */
export interface MergedRows {
  /** As the servers gave them, without what was added for merging. */
  readonly columns: readonly ColumnDefinition[];
  /** Payloads of rows in the text protocol, in batches; never empty. Throws MergeError, the signal's reason, and what a source rejected with. */
  readonly batches: AsyncIterable<readonly Buffer[]>;
}
