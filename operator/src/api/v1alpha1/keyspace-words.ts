/** The closed sets of words about keyspaces that the spec and the map share. */

/**
 * How a key finds its slot.
 * - `ConsistentHash`: by equal arcs of the ring of hashes.
 * - `Hash`: by the remainder of its hash.
 * - `Range`: by intervals of the key itself.
 */
export const STRATEGIES = ['ConsistentHash', 'Hash', 'Range'] as const;

/** How slots are spread over shards. */
export const PLACEMENT_NAMES = ['Balanced', 'VirtualNodes', 'Modulo'] as const;

/** How a table is kept that is not cut: a copy on every shard, or on one shard only. */
export const TABLE_TYPES = ['Reference', 'Unsharded'] as const;

/**
 * Whether a transaction may span slots.
 * - `Single`: it may not.
 * - `Multi`: it may. Atomic where the slots share a shard; otherwise the parts commit one after the other.
 */
export const TRANSACTION_MODES = ['Single', 'Multi'] as const;
export type TransactionMode = (typeof TRANSACTION_MODES)[number];

/**
 * How reads choose a server.
 * - `Strong`: the primary.
 * - `ReadYourWrites`: a replica that has all that the session wrote, or else the primary.
 * - `Eventual`: a healthy replica within the lag limit.
 */
export const CONSISTENCY_LEVELS = ['Strong', 'ReadYourWrites', 'Eventual'] as const;
export type ConsistencyLevel = (typeof CONSISTENCY_LEVELS)[number];
