/** One interval of a keyspace, from its bound (included) to the next one's (excluded), as the ShardMap has it. */
export interface RangeBound {
  readonly slot: number;
  /** Canonical text of the least key; absent for the first interval, which has no beginning. */
  readonly from?: string;
}

/** Intervals ready for look-ups; made with `readRanges`. */
export interface RangeTable {
  /** Slots in the order of their intervals. */
  readonly slots: readonly number[];
  /** Bounds between them as decimal text, ascending; null where one is no number or they do not ascend as numbers. */
  readonly numbers: readonly string[] | null;
  /** The same as bytes of UTF-8; null where they do not ascend as text. */
  readonly texts: readonly Uint8Array[] | null;
}
