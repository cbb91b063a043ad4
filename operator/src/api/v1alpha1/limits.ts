/** Limits that more than one resource states. */

/**
 * Most shards of a cluster. The status of 256 shards with nine instances each is about 0.8 MB of JSON; etcd
 * refuses objects above 1.5 MiB.
 */
export const MAX_SHARDS = 256;

/** Most instances of a shard. */
export const MAX_INSTANCES = 9;

/** Most keyspaces of a cluster. */
export const MAX_KEYSPACES = 64;

/** Most tables of a keyspace that differ from its default. */
export const MAX_TABLES = 256;

/** Most users in the spec. */
export const MAX_USERS = 64;

/** Most moves on the map at once. */
export const MAX_MOVES = 256;
