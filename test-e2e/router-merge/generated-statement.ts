/** A SELECT, and how its answers can be compared. */
export interface GeneratedStatement {
  readonly sql: string;
  /** Whether the order of the rows is certain. */
  readonly ordered: boolean;
  /** Whether texts stand for others that are equal in their collation, any of which may be given. */
  readonly folded?: boolean;
}
