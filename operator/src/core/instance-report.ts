/** What is known of running instances beyond what Kubernetes knows, for whoever reports on them. */

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
  /** Null while it is not being cloned. */
  readonly cloning: CloneProgress | null;
}

/** Where the Service for reads leads. */
export type ReadTarget = 'replica' | 'primary';

/** A cluster, by name. */
export interface ClusterKey {
  readonly namespace: string;
  readonly name: string;
}

/** Everything known of the instances of all clusters. Answers at once, from memory. */
export interface InstanceReports {
  /** Undefined while nothing is known yet. */
  instance(cluster: ClusterKey, pod: string): InstanceReport | undefined;
  /** Undefined while it is not decided: then it stays as it is. */
  readTarget(cluster: ClusterKey, shard: number): ReadTarget | undefined;
}
