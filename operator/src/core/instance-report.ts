/** What is known of running instances beyond what Kubernetes knows, for whoever reports on them. */
import type { MapEvidence } from './rebuild/evidence.ts';

/** Something that stands in an instance's way, in words for a condition. */
export interface InstanceProblem {
  /** CamelCase, stable. */
  readonly reason: string;
  readonly message: string;
}

/** How far a clone has come. */
export interface CloneProgress {
  /** Pod that is copied. */
  readonly source: string;
  readonly bytes: number;
  /** Null before the source has told. */
  readonly estimatedBytes: number | null;
  readonly bytesPerSecond: number;
}

/** One instance, as last heard of it. */
export interface InstanceReport {
  /** Whether it serves as the primary, or follows its primary as a replica, as the map wants it. */
  readonly healthy: boolean;
  /** Why not; absent when healthy. */
  readonly error?: string;
  /** Position of the last transaction applied; absent while unknown. */
  readonly gtid?: string;
  /** Null while unknown, which is not 0. */
  readonly lagSeconds: number | null;
  /** Bytes received and not yet applied; null while unknown. */
  readonly lagBytes: number | null;
  /** Milliseconds since the epoch; absent before the first word. */
  readonly lastChecked?: number;
  readonly problems: readonly InstanceProblem[];
  /** Whether its commits wait for a replica; null while unknown. */
  readonly commitsWait: boolean | null;
  /** Whether the databases of keyspaces are known to be there, of an open primary; null while unknown, and of replicas. */
  readonly databasesMade: boolean | null;
  /** Null while it is not being cloned. */
  readonly cloning: CloneProgress | null;
}

/** Where the Service for reads leads. */
export type ReadTarget = 'replica' | 'primary';

/** What the supervisor found a shard to be in, by name; each is explained in `api/v1alpha1/shard-words.ts`. */
export const SHARD_STATE_NAMES = [
  'healthy',
  'initialising',
  'databaseMade',
  'replicaJoining',
  'replicaBroken',
  'ackerGone',
  'ackerLeaving',
  'acknowledgementUnwanted',
  'acknowledgementWanted',
  'primaryLost',
  'primaryUnreachable',
  'primaryHung',
  'primaryUnable',
  'acknowledgementsStalled',
  'switchingOver',
  'promoting',
  'blocked',
] as const;
export type ShardStateName = (typeof SHARD_STATE_NAMES)[number];

/** Why a primary was replaced; each is explained in `api/v1alpha1/shard-words.ts`. */
export const PROMOTION_REASONS = [
  'ServerEnded',
  'Unreachable',
  'Hung',
  'CannotApply',
  'AcknowledgementsStalled',
  'Switchover',
  'Resumed',
] as const;
export type PromotionReason = (typeof PROMOTION_REASONS)[number];

/**
 * The parts of a promotion, in order.
 * - `detect`: from the end of the server, or the last word of the primary, to the decision to act.
 * - `decide`: from there to the map without a primary.
 * - `fence`: killing the old primary, and hearing from every member what it has received.
 * - `publish`: electing, and writing the winner to the map.
 * - `drain`: until the winner has applied what it received.
 * - `promote`: until it takes writes.
 */
export const PROMOTION_PHASES = ['detect', 'decide', 'fence', 'publish', 'drain', 'promote'] as const;
export type PromotionPhase = (typeof PROMOTION_PHASES)[number];

/** A promotion that has come about. */
export interface PromotionReport {
  readonly epoch: number;
  /** The former primary; null where that is no longer known. */
  readonly from: string | null;
  readonly to: string;
  readonly reason: PromotionReason;
  /** When the winner was written to the map: milliseconds since the epoch. */
  readonly at: number;
  /** Milliseconds; what was not seen is absent. `drain` and `promote` follow once the winner tells of them. */
  readonly phases: Readonly<Partial<Record<PromotionPhase, number>>>;
  /** What acknowledged writes may be missing, in words; null where none can be. */
  readonly mayBeMissing: string | null;
}

/** What became of a planned change of the primary. */
export interface SwitchoverReport {
  /** The request, as it stands in the annotation; or what asked for it. */
  readonly request: string;
  readonly outcome: 'Completed' | 'Refused' | 'Undone';
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** One shard, as its supervisor last saw it. */
export interface ShardReport {
  readonly state: ShardStateName;
  /** Whether clients wait for a primary since a moment ago: whatever can wait, does. Not for long, whatever becomes of it. */
  readonly isUrgent: boolean;
  /** Why nobody is promoted though somebody should be, and what a person can do; null while nothing is in the way. */
  readonly blocked: InstanceProblem | null;
  /** The last since this operator leads; null before the first. */
  readonly switchover: SwitchoverReport | null;
  /** The last since this operator leads; null before the first. */
  readonly lastPromotion: PromotionReport | null;
}

/** A cluster, by name. */
export interface ClusterKey {
  readonly namespace: string;
  readonly name: string;
}

/** Everything known of the instances of all clusters. Answers at once, from memory, but for `evidence`. */
export interface InstanceReports {
  /** Undefined while nothing is known yet. */
  instance(cluster: ClusterKey, pod: string): InstanceReport | undefined;
  /** Undefined while nobody supervises it here. */
  shard(cluster: ClusterKey, shard: number): ShardReport | undefined;
  /** Undefined while it is not decided: then it stays as it is. */
  readTarget(cluster: ClusterKey, shard: number): ReadTarget | undefined;
  /** What is wrong with the cluster as a whole. */
  cluster(cluster: ClusterKey): readonly InstanceProblem[];
  /** Asks all members of a cluster whose map is gone what they know. Takes some seconds where somebody does not answer. */
  evidence(cluster: ClusterKey, signal: AbortSignal): Promise<MapEvidence>;
}
