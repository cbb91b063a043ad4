import type { Acknowledgement } from './boot.ts';
import type { Measure } from './measure.ts';
import type { Lineage, Position } from './position.ts';

/** Where a replica receives from. */
export interface SourceAddress {
  readonly host: string;
  readonly port: number;
}

/** An error as the engine numbers and words it. */
export interface ReplicationError {
  readonly number: number;
  readonly message: string;
}

/**
 * One of the two halves of replication: receiving changes from the source, or applying what was received.
 * - `running`: at work, or idle because there is nothing to do.
 * - `connecting`: receiving only; trying to reach the source, with the last error if there was one.
 * - `stopped`: told to stop, or never started.
 * - `failed`: stopped by itself.
 */
export type ReplicationActivity =
  | { readonly kind: 'running' }
  | { readonly kind: 'connecting'; readonly error?: ReplicationError }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly error: ReplicationError };

/** What a replica does and how far behind it is. */
export interface Following {
  readonly source: SourceAddress;
  readonly receiving: ReplicationActivity;
  readonly applying: ReplicationActivity;
  /** The engine's own figure; unknown while it does not receive or apply. Whole seconds, easily misled. */
  readonly secondsBehind: Measure;
  /**
   * Milliseconds since the newest applied heartbeat was written, by this member's clock and the primary's.
   * Unknown while it does not receive: then nobody can say what it misses. Where clocks may differ, compare
   * `MemberState.heartbeat` of both members instead: those stamps come from one clock.
   */
  readonly lagMilliseconds: Measure;
  /** Bytes received and not yet applied. */
  readonly bytesBehind: Measure;
  /**
   * Milliseconds since anything came from the source: changes, or the sign of life it gives when there are none.
   * Unknown while it does not receive.
   */
  readonly silentMilliseconds: Measure;
}

/**
 * What a server does now, by its own word; what it should do is in the ShardMap.
 * - `primary`: follows nobody and takes writes.
 * - `replica`: has a source, whether or not replication runs.
 * - `detached`: follows nobody and takes no writes: just booted, or about to be opened.
 */
export type MemberRole =
  | { readonly kind: 'primary' }
  | { readonly kind: 'detached' }
  | { readonly kind: 'replica'; readonly following: Following };

/** Whether commits wait for a replica, and who would answer. */
export interface AcknowledgementState {
  /** What the server was told. */
  readonly rule: Acknowledgement;
  /** Whether commits really wait at this moment; false with `oneReplica` means loss is possible. */
  readonly waiting: boolean;
  /** Replicas connected that acknowledge. */
  readonly acknowledgers: number;
  /** Sessions whose commit waits now. */
  readonly waitingSessions: number;
  /** Commits that a replica acknowledged since the server started. */
  readonly acknowledgedCommits: number;
  /** Commits that went ahead without, since the server started, though the rule asked for one. */
  readonly unacknowledgedCommits: number;
  /** As a replica: whether this member acknowledges what it receives. */
  readonly acknowledges: boolean;
}

/** One pass over one server: everything the supervisor decides by. */
export interface MemberState {
  /** Milliseconds since the epoch, by the member's clock. */
  readonly observedAt: number;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly role: MemberRole;
  /** Whether sessions without special rights can write. True for a replica is a fault. */
  readonly writable: boolean;
  /** The epoch of the last promotion this member has applied, 0 before the first. */
  readonly epoch: Measure;
  /** Everything in this member's possession, applied or not; what an election compares. */
  readonly received: Measure<Position>;
  /** Everything that reads on this member can see, and on a primary what still waits to be acknowledged. */
  readonly applied: Position;
  /** Whose changes are among them, and up to which. */
  readonly lineage: Lineage;
  /** When the newest heartbeat that this member holds was written: milliseconds, by its writer's clock. */
  readonly heartbeat: Measure;
  readonly acknowledgement: AcknowledgementState;
  /** Bytes of the volume that logs of changes take: those it serves to others and those it received. */
  readonly logBytes: Measure;
  /** Seconds for which the oldest transaction of a client has been open, 0 for none. Unknown for a replica. */
  readonly longestTransactionSeconds: Measure;
  /** Sessions that run a statement at this moment, whoever's. */
  readonly runningThreads: Measure;
}
