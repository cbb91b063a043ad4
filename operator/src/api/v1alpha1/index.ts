/** Everything other parts need of the API: types, schemas and names. */
export { CONDITION_TYPES, CONDITIONS, type ConditionType, type Reason, REASONS } from './conditions.ts';
export { type EngineVersion, ENGINE_VERSIONS } from './engine.ts';
export { EVENT_REASONS, type EventReason } from './events.ts';
export {
  API_GROUP,
  API_GROUP_VERSION,
  API_VERSION,
  CLEANUP_FINALIZER,
  FIELD_MANAGER,
  SHARD_MAP_NAMES,
  SHARDED_CLUSTER_NAMES,
} from './group.ts';
export {
  ANNOTATIONS,
  APPLICATION_NAME,
  type Component,
  COMPONENTS,
  LABELS,
  type Role,
  ROLES,
} from './labels.ts';
export {
  adminSecretName,
  applicationSecretName,
  applicationServiceName,
  MAX_CLUSTER_NAME_LENGTH,
  podName,
  primaryServiceName,
  replicasServiceName,
  routerName,
  shardMapName,
  shardName,
} from './names.ts';
export type { ObjectMeta } from './object-meta.ts';
export { ApiSchemaError, parseShardedCluster, parseShardMap } from './parse.ts';
export { type ShardMap, type ShardMapShard, type ShardMapSpec, shardMapSchema } from './shard-map.ts';
export { type ShardedCluster, shardedClusterSchema } from './sharded-cluster.ts';
export { type ShardedClusterSpec, type ShardedClusterSpecInput } from './sharded-cluster-spec.ts';
export {
  type Condition,
  type InstanceStatus,
  type ShardedClusterStatus,
  type ShardStatus,
} from './sharded-cluster-status.ts';
