import type { RangeTable } from './ranges.ts';

/**
 * How a keyspace finds the slot of a key. It never changes, but for a Range keyspace, whose slots are split.
 *
 * - `ConsistentHash`: slots are equal arcs of the ring of hashes.
 * - `Hash`: the remainder of the hash.
 * - `Range`: the interval that the key is in.
 */
export type KeyspaceLayout =
  | { readonly strategy: 'ConsistentHash' | 'Hash'; readonly slots: number }
  | { readonly strategy: 'Range'; readonly ranges: RangeTable };
