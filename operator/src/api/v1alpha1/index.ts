/** Everything other parts need of the API: types, schemas and names. */
export { CONDITION_TYPES, type ConditionType, type Reason } from './conditions.ts';
export { EVENT_REASONS, type EventReason } from './events.ts';
export {
  API_GROUP,
  API_GROUP_VERSION,
  CLEANUP_FINALIZER,
  FIELD_MANAGER,
  SHARD_MAP_NAMES,
  SHARD_REBALANCE_NAMES,
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
  ownerAnnotation,
  ownersNamed,
  promotionAnnotation,
  promotionRequestOf,
  switchoverAnnotation,
  type SwitchoverRequest,
  switchoverRequestOf,
} from './requests.ts';
export { ApiSchemaError, parseShardedCluster, parseShardMap, parseShardRebalance } from './parse.ts';
export { CONSISTENCY_LEVELS, type ConsistencyLevel, type TransactionMode } from './keyspace-words.ts';
export type { ShardMapKeyspace, ShardMapUser } from './shard-map-keyspaces.ts';
export {
  MOVE_PHASES,
  type MoveLimits,
  type MovePhase,
  ownerOfMove,
  type ShardMapMove,
} from './shard-map-moves.ts';
export { type ShardMap, type ShardMapShard, type ShardMapSpec } from './shard-map.ts';
export { type ShardRebalance } from './shard-rebalance.ts';
export type { MoveUnit, ShardRebalancePlan } from './shard-rebalance-plan.ts';
export type { HandMove, ShardRebalanceSpec, ShardRebalanceSpecInput } from './shard-rebalance-spec.ts';
export {
  ENDED_PHASES,
  isUnderWay,
  MAX_LISTED_MOVES,
  type RebalanceHold,
  type RebalanceMove,
  type RebalancePhase,
  type RebalanceProgress,
  type ShardRebalanceStatus,
} from './shard-rebalance-status.ts';
export { type ShardedCluster } from './sharded-cluster.ts';
export type { ShardedClusterSpec, ShardedClusterSpecInput } from './sharded-cluster-spec.ts';
export {
  type Condition,
  type InstanceStatus,
  type ShardedClusterStatus,
  type ShardStatus,
} from './sharded-cluster-status.ts';
