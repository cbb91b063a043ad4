/** The databases of keyspaces, and who may use them. */

/**
 * What somebody may do in the databases of a keyspace.
 * - `readOnly`: read rows.
 * - `readWrite`: also change rows.
 * - `owner`: also make, change and drop tables.
 */
export const ACCESS_LEVELS = ['readOnly', 'readWrite', 'owner'] as const;
export type AccessLevel = (typeof ACCESS_LEVELS)[number];

/** The databases of one keyspace that a member's shard holds. */
export interface KeyspaceDatabases {
  readonly keyspace: string;
  readonly databases: readonly string[];
}

/** What a shard holds of keyspaces, by one revision of the map. */
export interface DatabasesOrder {
  readonly wanted: readonly KeyspaceDatabases[];
  /** Of the map that says so: a database that a later one, or this one, has fenced is not given back. */
  readonly revision: number;
  /**
   * Databases of either side of a switch that is under way, wanted or not: whoever switches gives and takes the rights on
   * them, and nobody else.
   */
  readonly untouched: readonly string[];
}

/** What `ensureDatabases` did. */
export interface DatabaseChanges {
  /** Statements that changed something; 0 when all was as it should be. */
  readonly changes: number;
  /** Whether all is now as it should be; otherwise it has to be called again. */
  readonly isComplete: boolean;
}
