/**
 * How a server treats, at its start, changes that were in its log but acknowledged by nobody.
 * - `primary`: they stay and commit. Only for the recorded primary of the current epoch.
 * - `replica`: they are cut off, since another member may have been promoted without them.
 */
export type BootRole = 'primary' | 'replica';

/** Whether a commit waits until a replica has received it. */
export type Acknowledgement = 'oneReplica' | 'none';

/** What the agent has read from the ShardMap for one start of the server. */
export interface BootOrder {
  readonly role: BootRole;
  /** The epoch under which this server starts; shown in its environment, for people. */
  readonly epoch: number;
  /**
   * For the role `replica`: that its own log stays as it is, because the primary of the epoch is known to have all of
   * it, or others wrote all of it. An engine may be unable to cut changes off that need not be.
   * @default false
   */
  readonly keepsLog?: boolean;
  /** For the role `primary`: whether commits wait from the first moment on. Ignored for a replica. */
  readonly acknowledgement: Acknowledgement;
}

/** What the launcher executes, as it stands. No secret is in it. */
export interface LaunchPlan {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}
