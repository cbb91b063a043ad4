import type { V1Deployment, V1Pod, V1StatefulSet } from '@kubernetes/client-node';
import type {
  ShardedCluster,
  ShardedClusterStatus,
  ShardMapSpec,
  ShardRebalance,
  ShardStatus,
} from '../../../api/v1alpha1/index.ts';
import {
  adminSecretName,
  applicationSecretName,
  applicationServiceName,
  primaryServiceName,
  replicasServiceName,
} from '../../../api/v1alpha1/index.ts';
import type { InstanceReports } from '../../../core/instance-report.ts';
import { shardsWithoutSlots } from '../decide-keyspaces.ts';
import { mayGo } from '../leaving-shards.ts';
import { decideRestarts, NO_RESTARTS } from '../maintenance/decide-restarts.ts';
import { clusterSelectorText } from '../resources/labels.ts';
import { countRouters, wantsRouters } from '../resources/router-deployment.ts';
import { DATABASE_PORT } from '../resources/service.ts';
import { decideConditions, mergeConditions } from './conditions.ts';
import { podComplaints } from './pod-complaints.ts';
import {
  hasPrimary,
  leavingPods,
  numberOfShard,
  type ShardKnowledge,
  shardStatuses,
  unhealthyPods,
} from './shards.ts';
import { rebalanceText, summariseRebalances } from './rebalance-summary.ts';
import type { Situation } from './situation.ts';

/** What the status is made from. */
export interface StatusInput {
  readonly cluster: ShardedCluster;
  readonly situation: Situation;
  /** The map as last read or written; `undefined` when it is not known. */
  readonly shardMap: ShardMapSpec | undefined;
  readonly statefulSets: readonly V1StatefulSet[];
  readonly pods: readonly V1Pod[];
  readonly reports: InstanceReports;
  readonly routerDeployment?: V1Deployment | undefined;
  /** Those of the cluster. */
  readonly rebalances: readonly ShardRebalance[];
  readonly now: Date;
}

/**
 * The status of a cluster. A shard that the map lacks stays as it was last written: its epoch and primary are
 * what a lost map is restored from.
 */
export function statusOf(input: StatusInput): ShardedClusterStatus {
  const { cluster, situation, shardMap, pods, now } = input;
  const previous = cluster.status ?? {};
  const generation = cluster.metadata.generation ?? 0;
  const { namespace, name } = cluster.metadata;
  const known = {
    instance: (pod: string) => input.reports.instance({ namespace, name }, pod),
    shard: (number: number) => input.reports.shard({ namespace, name }, number),
    previous: previous.shards ?? [],
  };
  const isGone = (shard: ShardStatus): boolean =>
    shardMap !== undefined && mayGo(shardMap, cluster.spec.shards, numberOfShard(shard.name));
  const shards = withRecords(
    shardMap === undefined ? [] : shardStatuses(name, shardMap, pods, known),
    (previous.shards ?? []).filter((shard) => !isGone(shard)),
  );
  const leaving = leavingPods(cluster, shards);
  const rebalance = summariseRebalances(input.rebalances);
  const verdicts = decideConditions({
    situation,
    hibernated: cluster.spec.hibernated,
    shards,
    pods: pods.map(({ metadata }) => metadata?.name ?? ''),
    complaints: podComplaints(shards, pods),
    leavingPods: leaving,
    restarts: shardMap === undefined ? NO_RESTARTS : decideRestarts({ ...input, map: shardMap }),
    blocks: shards.flatMap((shard) => {
      const blocked = known.shard(numberOfShard(shard.name))?.blocked ?? null;
      return blocked === null ? [] : [{ shard: shard.name, ...blocked }];
    }),
    shardsWithoutDatabases: (shardMap?.keyspaces ?? []).length === 0 ? [] : withoutDatabases(shards, known),
    routers: countRouters(cluster, input.routerDeployment),
    rebalance,
    shardsWithoutSlots: shardMap === undefined ? null : shardsWithoutSlots(shardMap),
    isSupervised: shards.every((shard) => known.shard(numberOfShard(shard.name)) !== undefined),
    previous: { conditions: previous.conditions ?? [], shards: previous.shards ?? [] },
  });
  return {
    observedGeneration: generation,
    conditions: mergeConditions(verdicts, previous.conditions ?? [], generation, now),
    summary: { ...summaryOf(cluster, shards, leaving), rebalance: rebalanceText(rebalance) },
    replicas: shards.length,
    selector: clusterSelectorText(cluster.metadata.name),
    shards,
    ...keyspacesOf(shardMap, previous),
    ...(shards.length === 0 ? {} : { endpoints: endpointsOf(cluster, shards) }),
  };
}

function withoutDatabases(
  shards: readonly ShardStatus[],
  { instance }: Pick<ShardKnowledge, 'instance'>,
): readonly string[] {
  return shards
    .filter(({ primary = null }) => primary !== null && instance(primary)?.databasesMade === false)
    .map(({ name }) => name);
}

/** Where the slots of each keyspace are; as last seen while the map is not known, or was made again without them. */
function keyspacesOf(
  map: ShardMapSpec | undefined,
  previous: Partial<ShardedClusterStatus>,
): Pick<ShardedClusterStatus, 'keyspaces'> {
  const keyspaces =
    map?.keyspaces === undefined
      ? previous.keyspaces
      : map.keyspaces.map(({ name, homeShard, referenceShards, slotsByShard, ranges }) => ({
          name,
          homeShard,
          ...(referenceShards === undefined ? {} : { referenceShards }),
          slotsByShard,
          ...(ranges === undefined ? {} : { ranges }),
        }));
  return keyspaces === undefined ? {} : { keyspaces };
}

function withRecords(shards: readonly ShardStatus[], recorded: readonly ShardStatus[]): ShardStatus[] {
  const names = new Set(shards.map(({ name }) => name));
  const missing = recorded.filter(({ name }) => !names.has(name));
  return [...shards, ...missing].toSorted((a, b) => numberOfShard(a.name) - numberOfShard(b.name));
}

function summaryOf(cluster: ShardedCluster, shards: readonly ShardStatus[], leaving: ReadonlySet<string>) {
  const asked = Math.max(cluster.spec.shards, shards.length);
  const complete = shards.filter((shard) => unhealthyPods([shard], leaving).length === 0).length;
  return {
    shards: `${complete}/${asked}`,
    primaries: `${shards.filter(hasPrimary).length}/${asked}`,
    lag: lagOf(shards),
  };
}

/** The largest lag of all replicas, in words; unknown while one is. */
function lagOf(shards: readonly ShardStatus[]): string {
  const lags = shards.map(({ maxLagSeconds }) => maxLagSeconds).filter((lag) => lag !== undefined);
  const known = lags.filter((lag) => lag !== null);
  if (known.length < lags.length || shards.length === 0) {
    return 'unknown';
  }
  return known.length === 0 ? '-' : `${Math.max(...known).toFixed(1)}s`;
}

/** Addresses that exist. The application's own is there while routers are asked for. */
function endpointsOf(cluster: ShardedCluster, shards: readonly ShardStatus[]) {
  const { name, namespace } = cluster.metadata;
  const address = (service: string): string => `${service}.${namespace}.svc:${DATABASE_PORT}`;
  return {
    ...(wantsRouters(cluster) ? { application: address(applicationServiceName(name)) } : {}),
    applicationSecret: applicationSecretName(name),
    adminSecret: adminSecretName(name),
    shards: shards.map((shard) => {
      const number = numberOfShard(shard.name);
      return {
        name: shard.name,
        primary: address(primaryServiceName(name, number)),
        replicas: address(replicasServiceName(name, number)),
      };
    }),
  };
}
