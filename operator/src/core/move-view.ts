/** What is known of moves and of what could move, beyond what is stored, for whoever reports on them. */

/** Why something waits, or was given up. */
export interface MoveWord {
  /** CamelCase, stable. */
  readonly reason: string;
  /** A sentence for a person. */
  readonly message: string;
}

/** One move on the map, as last heard of it. */
export interface MoveView {
  /** What the agent that works for it does; null while nothing is heard. */
  readonly stage: string | null;
  readonly rowsDone: number;
  /** An estimate; null while unknown, as are the others. */
  readonly rowsTotal: number | null;
  readonly bytesDone: number;
  readonly bytesTotal: number | null;
  readonly rowsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly lagMilliseconds: number | null;
  /** How long clients waited when it was cut over; null before, and where another operator did it. */
  readonly pauseMilliseconds: number | null;
  /** When it can no longer be rolled back, in milliseconds since the epoch; null before it is cut over. */
  readonly soakEndsAt: number | null;
  /** Why it does not go on; null while it does. */
  readonly held: MoveWord | null;
  /** Why the agent gave it up; null while it did not. */
  readonly failure: MoveWord | null;
}

/** What a database holds, about. */
export interface MeasuredDatabase {
  readonly database: string;
  readonly rows: number;
  readonly bytes: number;
  /** Rows that statements read or changed in a second; absent where the server does not count them. */
  readonly rowsPerSecond?: number;
}

/** One shard, as far as plans are concerned. */
export interface MeasuredShard {
  readonly number: number;
  /** Why slots cannot be moved from or to it now; null while they can. */
  readonly trouble: MoveWord | null;
  /** What its primary measured; null while it has not. */
  readonly databases: readonly MeasuredDatabase[] | null;
  /** Bytes free on its fullest volume; null while unknown. */
  readonly freeBytes: number | null;
  /** Age of the oldest open transaction on its primary, in seconds; null while unknown. */
  readonly longestTransactionSeconds: number | null;
}

/** The database of a slot, and the key columns of its tables. */
export interface KeyedDatabase {
  readonly database: string;
  /** Of tables that name none; null where they have none. */
  readonly defaultKey: string | null;
  readonly keys: readonly { readonly table: string; readonly column: string }[];
}

/** Something that keeps a database from being moved. */
export interface DatabaseObstacle {
  readonly database: string;
  /** The table, event or constraint it is about; null for what concerns the server. */
  readonly object: string | null;
  /** CamelCase, stable. */
  readonly problem: string;
  /** What it is, and what to do. */
  readonly message: string;
}

/** Everything known of moves. Answers at once, from memory, but for `inspect` and `middleKey`. */
export interface MoveViews {
  /** Undefined while nothing is known of such a move here. */
  move(cluster: { readonly namespace: string; readonly name: string }, id: string): MoveView | undefined;
  /** All shards of the map; empty while there is none. */
  shards(cluster: { readonly namespace: string; readonly name: string }): readonly MeasuredShard[];
  /** What keeps databases of a shard from being moved, as its primary finds now. Rejects where it does not tell. */
  inspect(
    cluster: { readonly namespace: string; readonly name: string },
    shard: number,
    databases: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly DatabaseObstacle[]>;
  /** The key in the middle of a slot, as the primary of its shard finds now. Rejects where it does not tell, or there is none. */
  middleKey(
    cluster: { readonly namespace: string; readonly name: string },
    shard: number,
    slot: KeyedDatabase,
    signal: AbortSignal,
  ): Promise<string>;
}
