import type { V1Service, V1StatefulSet } from '@kubernetes/client-node';
import type { ShardedCluster, ShardMapShard, ShardMapSpec } from '../../api/v1alpha1/index.ts';
import { isUnderWay, LABELS, ownersNamed, replicasServiceName, shardName } from '../../api/v1alpha1/index.ts';
import type { InstanceReports, ReadTarget } from '../../core/instance-report.ts';
import type { MapEvidence } from '../../core/rebuild/evidence.ts';
import { plannedDepartures } from '../../core/rebuild/planned-departures.ts';
import { isBeingDeleted, keyOf } from '../../runtime/objects.ts';
import { services } from '../../runtime/resources.ts';
import type { ShardMapDecision } from './decide-shard-map.ts';
import { decideShardMap } from './decide-shard-map.ts';
import type { Finding } from './finding.ts';
import { effectiveInstances } from './instances.ts';
import type { Observed } from './observe.ts';
import { instanceFindings } from './instance-findings.ts';
import { shardOfDataClaim } from './member-names.ts';
import { findingsOf } from './plan-findings.ts';
import { shardMapOwnership } from './ownership.ts';
import { databaseRole, databaseRoleBinding } from './resources/access.ts';
import { internalSecret } from './resources/accounts.ts';
import { settingsConfigMap } from './resources/agent-settings.ts';
import type { DesiredObject } from './resources/desired-object.ts';
import { objectId } from './resources/desired-object.ts';
import { shardNumberOf } from './resources/labels.ts';
import { podDisruptionBudgetsOf } from './resources/pod-disruption-budget.ts';
import {
  routerDisruptionBudget,
  routerRole,
  routerRoleBinding,
  routerServiceAccount,
} from './resources/router-access.ts';
import { routerDeployment, wantsRouters } from './resources/router-deployment.ts';
import { applicationService } from './resources/router-service.ts';
import { adminSecret, applicationSecret, routerSecret } from './resources/secret.ts';
import { databaseServiceAccount } from './resources/service-account.ts';
import { headlessService, primaryService, replicasService } from './resources/service.ts';
import { statefulSet } from './resources/stateful-set.ts';

/** What a plan is made from. */
export interface PlanInput {
  readonly cluster: ShardedCluster;
  readonly observed: Observed;
  /** Image of the operator. */
  readonly image: string;
  readonly reports: InstanceReports;
  /** What members tell of a map that is gone; null while there is one. */
  readonly evidence: MapEvidence | null;
  /** Called for each password that does not exist yet. */
  readonly newPassword: () => string;
  /** Wall-clock time in seconds since the epoch. */
  readonly nowSeconds: number;
}

/** What should exist, or why nothing may be changed. */
export type Plan =
  | { readonly kind: 'refuse'; readonly finding: Finding }
  | {
      readonly kind: 'proceed';
      readonly shardMap: Exclude<ShardMapDecision, { kind: 'refuse' }>;
      /** In the order they are to be written. The ShardMap comes before all objects of shards. */
      readonly clusterObjects: readonly DesiredObject[];
      readonly shardObjects: readonly DesiredObject[];
      /** What is not as the spec asks although it will be written as well as can be. */
      readonly findings: readonly Finding[];
    };

/**
 * Plans every object of a cluster. The map of primaries is always written before the StatefulSet of a shard, so
 * that a StatefulSet without a place in the map means that the map was lost.
 */
export function planCluster(input: PlanInput): Plan {
  const { cluster, observed } = input;
  const shardMap = decideShardMap(shardMapInput(input));
  if (shardMap.kind === 'refuse') {
    return shardMap;
  }
  return {
    kind: 'proceed',
    shardMap,
    clusterObjects: [
      databaseServiceAccount(cluster),
      databaseRole(cluster),
      databaseRoleBinding(cluster),
      applicationSecret(cluster, observed.applicationSecret, input.newPassword),
      adminSecret(cluster, observed.adminSecret, input.newPassword),
      internalSecret(cluster, observed.internalSecret, input.newPassword),
      settingsConfigMap(cluster),
      ...routerObjects(input),
    ],
    shardObjects: shardMap.spec.shards.flatMap(({ number }) => shardObjects(input, shardMap.spec, number)),
    findings: [
      ...shardMap.findings,
      ...findingsOf(cluster, shardMap.spec, observed),
      ...instanceFindings(cluster, shardMap.spec, input.reports),
    ],
  };
}

/** The routers, and what they need. Their Secret stays without them: users are identified by what is derived from it. */
function routerObjects({ cluster, observed, image, newPassword }: PlanInput): DesiredObject[] {
  const { spec } = cluster;
  return [
    ...(spec.keyspaces.length === 0 ? [] : [routerSecret(cluster, observed.routerSecret, newPassword)]),
    ...(wantsRouters(cluster)
      ? [
          routerServiceAccount(cluster),
          routerRole(cluster),
          routerRoleBinding(cluster),
          applicationService(cluster),
          ...routerDisruptionBudget(cluster),
          routerDeployment(cluster, image),
        ]
      : []),
  ];
}

function shardObjects(input: PlanInput, map: ShardMapSpec, number: number): DesiredObject[] {
  const { cluster, observed, image } = input;
  const { spec } = cluster;
  const { name } = cluster.metadata;
  const shard = map.shards.find((candidate) => candidate.number === number);
  const live = observed.statefulSets.find(({ metadata }) => metadata?.name === shardName(name, number));
  const asked = effectiveInstances(name, spec.instances, shard);
  const instances = keepsReplicas(input, asked, shard, live) ? (live?.spec?.replicas ?? asked) : asked;
  return [
    headlessService(cluster, number),
    primaryService(cluster, number),
    replicasService(cluster, number, readTargetOf(input, number)),
    ...podDisruptionBudgetsOf(cluster, number, instances, canHandOver(input, shard)),
    statefulSet(cluster, { number, replicas: spec.hibernated ? 0 : instances, image, live }),
  ];
}

/** Whether every instance of a shard is at work, so that the primary can leave without a pause in writes. */
function canHandOver({ cluster, reports }: PlanInput, shard: ShardMapShard | undefined): boolean {
  const { name, namespace } = cluster.metadata;
  const isAtWork = (pod: string): boolean => reports.instance({ namespace, name }, pod)?.healthy === true;
  return (
    shard !== undefined &&
    shard.primary !== null &&
    [shard.primary, ...shard.replicas].every(isAtWork) &&
    shard.replicas.every((pod) => shard.ackers.includes(pod))
  );
}

/** The last replicas stay until the primary's commits wait for nobody: without them it could not be told any more. */
function keepsReplicas(
  { cluster, reports }: PlanInput,
  asked: number,
  shard: ShardMapShard | undefined,
  live: V1StatefulSet | undefined,
): boolean {
  const { name, namespace } = cluster.metadata;
  if (
    asked > 1 ||
    shard?.initialised !== true ||
    shard.primary === null ||
    (live?.spec?.replicas ?? 0) <= 1
  ) {
    return false;
  }
  const commitsWait = reports.instance({ namespace, name }, shard.primary)?.commitsWait ?? true;
  return shard.acknowledgement === 'OneReplica' || commitsWait;
}

/** Where reads go: as is known now, or as it was left. */
function readTargetOf({ cluster, observed, reports }: PlanInput, number: number): ReadTarget {
  const { name, namespace } = cluster.metadata;
  const live = observed.objects.get(objectId(services, replicasServiceName(name, number)))?.object as
    V1Service | undefined;
  const left = live?.spec?.selector?.[LABELS.role] === 'primary' ? 'primary' : 'replica';
  return reports.readTarget({ namespace, name }, number) ?? left;
}

function shardMapInput({ cluster, observed, evidence, nowSeconds }: PlanInput) {
  const { pods, statefulSets, volumeClaims, shardMap } = observed;
  const { name } = cluster.metadata;
  const numbers = [
    ...statefulSets
      .filter((set) => !isBeingDeleted(set))
      .map(({ metadata }) => shardNumberOf(metadata?.labels)),
    ...volumeClaims
      .filter((claim) => !isBeingDeleted(claim))
      .map((claim) => shardOfDataClaim(name, keyOf(claim).name)),
  ];
  const underWay = observed.rebalances.filter(isUnderWay);
  const usable = shardMap !== undefined && shardMapOwnership(shardMap, cluster) !== 'foreign';
  return {
    cluster: cluster.metadata.name,
    namespace: keyOf(cluster).namespace ?? '',
    shards: cluster.spec.shards,
    instances: cluster.spec.instances,
    current: usable ? shardMap.spec : undefined,
    reported: cluster.status?.shards ?? [],
    spec: cluster.spec,
    reportedKeyspaces: cluster.status?.keyspaces ?? [],
    underWay: underWay[0]?.metadata.name ?? null,
    planned: plannedDepartures(underWay.map(({ status }) => status?.plan?.moves)),
    evidence,
    decided: ownersNamed(cluster),
    withData: new Set(numbers.filter((number) => number !== undefined)),
    labelledPrimaries: pods
      .filter(({ metadata }) => metadata?.labels?.[LABELS.role] === 'primary')
      .map(({ metadata }) => metadata?.name ?? ''),
    pods: new Set(pods.map(({ metadata }) => metadata?.name ?? '')),
    nowSeconds,
  };
}
