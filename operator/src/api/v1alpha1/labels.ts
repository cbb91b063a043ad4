/** Label and annotation keys. Selectors of Services and StatefulSets are immutable, so these never change. */

/** Label keys on the objects the operator writes. */
export const LABELS = {
  /** Always {@link APPLICATION_NAME}. */
  name: 'app.kubernetes.io/name',
  /** `operator`, `router` or `database`. */
  component: 'app.kubernetes.io/component',
  /** Name of the cluster, as other tools expect to find it. */
  instance: 'app.kubernetes.io/instance',
  /** Always {@link APPLICATION_NAME}: who writes the object. */
  managedBy: 'app.kubernetes.io/managed-by',
  /** Name of the ShardedCluster the object belongs to. */
  cluster: 'shardwright.io/cluster',
  /** Number of the shard, in decimal. */
  shard: 'shardwright.io/shard',
  /** `primary` or `replica`; on pods only, and only while the role is known. */
  role: 'shardwright.io/role',
} as const;

/** Value of `app.kubernetes.io/name` and `app.kubernetes.io/managed-by`. */
export const APPLICATION_NAME = 'shardwright';

/** Roles of a database instance. */
export const ROLES = ['primary', 'replica'] as const;
/** Role of a database instance in its shard. */
export type Role = (typeof ROLES)[number];

/** Annotation keys on the objects the operator writes. */
export const ANNOTATIONS = {
  /** On a StatefulSet and its pod template: version of the builder that wrote them. */
  builderVersion: 'shardwright.io/builder-version',
  /**
   * On a StatefulSet: the image its pods take our programs from. It stays when the operator is upgraded, so that an
   * upgrade restarts no database and a pod that is moved comes back as it was. Removing it takes the operator's.
   */
  runtimeImage: 'shardwright.io/runtime-image',
  /**
   * On a StatefulSet and its pod template: digest of what the spec says of its pods. A change takes the operator's image
   * as well, and restarts pods that have another.
   */
  podSettings: 'shardwright.io/pod-settings',
  /** Digest of the configuration a pod was started with. */
  configHash: 'shardwright.io/config-hash',
  /** On a cluster that is being deleted: the `deletionPolicy` that was decided on, before anything is deleted. */
  deletion: 'shardwright.io/deletion',
} as const;
