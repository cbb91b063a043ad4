/** Everything other parts need of the API: types, schemas and names. */
export { CONDITION_TYPES, type ConditionType, type Reason } from './conditions.ts';
export { EVENT_REASONS, type EventReason } from './events.ts';
export {
  API_GROUP,
  API_GROUP_VERSION,
  CLEANUP_FINALIZER,
  FIELD_MANAGER,
  SHARD_MAP_NAMES,
  SHARDED_CLUSTER_NAMES,
} from './group.ts';
export { ANNOTATIONS, APPLICATION_NAME, LABELS, type Role } from './labels.ts';
export {
  adminSecretName,
  applicationSecretName,
  applicationServiceName,
  podName,
  primaryServiceName,
  replicasServiceName,
  routerName,
  shardMapName,
  shardName,
} from './names.ts';
export {
  formatPromotionRequest,
  formatSwitchoverRequest,
  type InvalidRequest,
  isInvalidRequest,
  promotionAnnotation,
  promotionRequestOf,
  switchoverAnnotation,
  type SwitchoverRequest,
  switchoverRequestOf,
} from './requests.ts';
export { ApiSchemaError, parseShardedCluster, parseShardMap } from './parse.ts';
export { CONSISTENCY_LEVELS, type ConsistencyLevel, type TransactionMode } from './keyspace-words.ts';
export type { ShardMapKeyspace, ShardMapUser } from './shard-map-keyspaces.ts';
export { type ShardMap, type ShardMapShard, type ShardMapSpec } from './shard-map.ts';
export { type ShardedCluster } from './sharded-cluster.ts';
export type { ShardedClusterSpec, ShardedClusterSpecInput } from './sharded-cluster-spec.ts';
export {
  type Condition,
  type InstanceStatus,
  type ShardedClusterStatus,
  type ShardStatus,
} from './sharded-cluster-status.ts';
