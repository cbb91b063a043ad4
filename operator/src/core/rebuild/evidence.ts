/** What members and their databases tell about a ShardMap that is gone. */

/** What a database server holds of keyspaces, and what it has recorded of moves. */
export interface DatabaseHoldings {
  /** Databases of keyspaces that are there, and on which users have rights. */
  readonly served: readonly string[];
  /** Databases of keyspaces that are there, and on which nobody has rights. */
  readonly closed: readonly string[];
  /** Databases of keyspaces that users have rights on, and that are not there. */
  readonly missing: readonly string[];
  /** Databases that were taken from users for a switch, and the revision of the map that wanted it. */
  readonly fences: readonly { readonly database: string; readonly revision: number }[];
  /** Databases into which a move has brought rows, or was to bring them back. */
  readonly moves: readonly { readonly id: string; readonly database: string }[];
}

/** What one member says of itself. */
export interface MemberWord {
  readonly pod: string;
  /** The newest epoch of its shard that its agent has read; 0 for none. */
  readonly epoch: number;
  /** The epoch that its database records; null while that is not known. */
  readonly recordedEpoch: number | null;
  /** Whether its server runs, and follows nobody. */
  readonly isPrimary: boolean;
  /** Whether it takes writes. */
  readonly isWritable: boolean;
  /** Whether what it commits is acknowledged, or needs no acknowledgement. */
  readonly isAcknowledged: boolean;
  /** Whether its volume has never held a database, and no server runs. */
  readonly isUntouched: boolean;
}

/** What is known of one shard. */
export interface ShardEvidence {
  readonly number: number;
  /** Everybody who has spoken a moment ago. */
  readonly members: readonly MemberWord[];
  /** Pods that are there, and of which nothing is heard. */
  readonly silent: readonly string[];
  /** What the primary's database holds; null while nobody has told, and then `because` says why. */
  readonly holdings: DatabaseHoldings | null;
  /** Why nothing is known of its databases, in a sentence. */
  readonly because: string | null;
  /** The newest revision of the map that its primary's agent has read; 0 while that is not known. */
  readonly revision: number;
}

/** What is known of all shards of a cluster; of those without any pod nothing. */
export type MapEvidence = readonly ShardEvidence[];
