import type { MergeCaps } from '../../merge/merge-input.ts';

/** Bounds of one statement over several slots. */
export const SCATTER_CAPS: MergeCaps & { readonly keptBytes: number } = {
  rows: 10_000_000,
  bytes: 256 << 20,
  milliseconds: 300_000,
  /** Of rows that are kept until they are merged, since not every slot has a connection of its own. */
  keptBytes: 256 << 20,
};

/** Rows of one stream that wait to be merged, in bytes, before its servers have to wait. */
export const STREAM_WINDOW_BYTES = 256 * 1024;

/** Most slots of a shard that one statement reads at once when it takes their rows in any order. */
export const PARALLEL_SLOTS = 4;

/** Most slots of a shard whose rows one statement merges while they arrive, each over a connection of its own. */
export const STREAMS_PER_SHARD = 8;

/** What is left of an answer that nobody wants any more may take so long to arrive; then it is cut off. */
export const LEAVE_MILLISECONDS = 5;

/** Most bytes of rows that a server answers one calculation from merged groups with. */
export const CALCULATED_BYTES = 64 << 20;
