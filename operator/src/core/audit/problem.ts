/**
 * What an audit finds.
 * - `SlotWithoutShard`: the map puts a slot nowhere, or on two shards.
 * - `DatabaseMissing`: the map gives a shard a database that it does not have.
 * - `OrphanDatabase`: a shard has a database that the map gives to another, and no move explains it.
 * - `GrantMissing`: nobody may use a database on the shard that serves it.
 * - `GrantOfAnother`: a shard lets users into a database that another serves: the same row could be written twice.
 * - `RowsMisplaced`: rows in a slot whose key belongs to another: routers do not find them.
 * - `KeyUnreadable`: a table whose rows cannot be checked, since it has no key column, or one of a type that is no key.
 * - `ReferenceDiffers`: copies of a reference table are not the same.
 */
export const AUDIT_PROBLEMS = [
  'SlotWithoutShard',
  'DatabaseMissing',
  'OrphanDatabase',
  'GrantMissing',
  'GrantOfAnother',
  'RowsMisplaced',
  'KeyUnreadable',
  'ReferenceDiffers',
] as const;
export type AuditProblemKind = (typeof AUDIT_PROBLEMS)[number];

/** One thing that is not as it has to be. */
export interface AuditProblem {
  readonly kind: AuditProblemKind;
  /** Number of the shard; null for what concerns the map. */
  readonly shard: number | null;
  /** In words: what, where, how many. */
  readonly message: string;
}

/** The verdict on a whole cluster. */
export interface AuditReport {
  /** Databases of slots that were looked at on the shards that serve them. */
  readonly slots: number;
  /** Tables in them. */
  readonly tables: number;
  /** Rows of cut tables, each in the slot it belongs to but for those that `problems` tells of. */
  readonly rows: number;
  /** Rows of tables that are not cut, on one shard. */
  readonly otherRows: number;
  /** Empty when all is well. */
  readonly problems: readonly AuditProblem[];
}
