/**
 * Which pods are restarted so that they run with the settings of now: one of a shard at a time, while the shard could
 * lose another one; replicas first, then the primary, which hands over before it stops. Pure.
 */
import type { V1Pod, V1StatefulSet } from '@kubernetes/client-node';
import type { ShardedCluster, ShardMapShard, ShardMapSpec } from '../../../api/v1alpha1/index.ts';
import { podName } from '../../../api/v1alpha1/index.ts';
import type { InstanceReport, InstanceReports } from '../../../core/instance-report.ts';
import { isBeingDeleted } from '../../../runtime/objects.ts';
import { effectiveInstances, ordinalOf } from '../instances.ts';
import { isReady } from '../status/shards.ts';
import { findOutdatedPods, type OutdatedPod } from './outdated-pods.ts';

/** What is decided from. */
export interface RestartInput {
  readonly cluster: ShardedCluster;
  readonly map: ShardMapSpec;
  readonly statefulSets: readonly V1StatefulSet[];
  readonly pods: readonly V1Pod[];
  readonly reports: InstanceReports;
}

/** What is to be restarted. */
export interface RestartPlan {
  /** Pods that run with former settings, all of them. */
  readonly outdated: readonly string[];
  /** Those among them that only a former operator built: nobody restarts them. */
  readonly formerlyBuilt: readonly string[];
  /** Those to be restarted now: one of a shard at most. */
  readonly next: readonly V1Pod[];
  /** What the first shard that waits waits for, in a sentence; null while none does. */
  readonly waitsFor: string | null;
}

/** Nothing to restart. */
export const NO_RESTARTS: RestartPlan = { outdated: [], formerlyBuilt: [], next: [], waitsFor: null };

/** A replica further behind than this, in seconds, is not yet one that another could be missed beside. */
const CONVERGED_LAG_SECONDS = 3;

/** Decides for all shards of a cluster. */
export function decideRestarts(input: RestartInput): RestartPlan {
  const { cluster, map, statefulSets, pods } = input;
  const outdated = findOutdatedPods(cluster, statefulSets, pods);
  const due = outdated.filter(({ isBySpec }) => isBySpec);
  const next: V1Pod[] = [];
  let waitsFor: string | null = null;
  for (const [name, ofShard] of Map.groupBy(due, ({ shard }) => shard)) {
    const shard = map.shards.find((candidate) => candidate.name === name);
    const choice = shard === undefined ? `${name} is not in the map` : choose(input, shard, ofShard);
    if (typeof choice === 'string') {
      waitsFor ??= choice;
    } else {
      next.push(choice);
    }
  }
  return {
    outdated: namesOf(outdated),
    formerlyBuilt: namesOf(outdated.filter(({ isBySpec }) => !isBySpec)),
    next,
    waitsFor,
  };
}

/** The pod of a shard that is restarted next, or what has to come about first. */
function choose(input: RestartInput, shard: ShardMapShard, due: readonly OutdatedPod[]): V1Pod | string {
  const { cluster, reports, pods } = input;
  const { namespace, name } = cluster.metadata;
  if (cluster.spec.hibernated) {
    return 'the cluster hibernates';
  }
  // No server has run in it, and with former settings, which name no node or image that there is, none may ever.
  const unstarted = due.find(({ pod }) => pod.status?.phase === 'Pending');
  if (unstarted !== undefined) {
    return unstarted.pod;
  }
  if (!shard.initialised) {
    // There is nothing to lose yet, and what does not come up with former settings keeps the database from being made.
    return due.find(({ pod }) => !isReady(pod))?.pod ?? `${shard.name} has no database yet`;
  }
  if (shard.primary === null) {
    return `${shard.name} has no primary at the moment`;
  }
  const reportOf = (pod: string): InstanceReport | undefined => reports.instance({ namespace, name }, pod);
  const byName = new Map(pods.map((pod) => [nameOf(pod), pod]));
  const count = effectiveInstances(name, cluster.spec.instances, shard);
  const asked = Array.from({ length: count }, (_, ordinal) => podName(name, shard.number, ordinal));
  const going = asked.find((pod) => {
    const found = byName.get(pod);
    return found === undefined || isBeingDeleted(found);
  });
  if (going !== undefined) {
    return `${going} is being made anew`;
  }
  const { primary } = shard;
  const replicas = due
    .filter(({ pod }) => nameOf(pod) !== primary)
    .toSorted((a, b) => ordinal(input, shard, b.pod) - ordinal(input, shard, a.pod));
  // What does not work with former settings can be no worse for a restart, and the new ones may mend it.
  const stuck = replicas.find(
    ({ pod }) => !isReady(pod) && (reportOf(nameOf(pod))?.cloning ?? null) === null,
  );
  if (stuck !== undefined && isAtWork(reportOf(primary), byName.get(primary))) {
    return stuck.pod;
  }
  if (count === 1) {
    return due[0]?.pod ?? `${shard.name} has no such pod`;
  }
  return whatIsNotConverged(shard, asked, byName, reportOf) ?? (replicas[0] ?? due[0])?.pod ?? shard.name;
}

/** The first reason why a shard could not do without one of its instances now. */
function whatIsNotConverged(
  { primary, ackers }: ShardMapShard,
  asked: readonly string[],
  pods: ReadonlyMap<string, V1Pod>,
  reportOf: (pod: string) => InstanceReport | undefined,
): string | null {
  for (const pod of asked) {
    const report = reportOf(pod);
    if (!isAtWork(report, pods.get(pod))) {
      return `${pod} is not ready`;
    }
    if (pod !== primary && !ackers.includes(pod)) {
      return `${pod} does not acknowledge writes yet`;
    }
    if (pod !== primary && (report?.lagSeconds ?? Infinity) > CONVERGED_LAG_SECONDS) {
      return `${pod} lags behind`;
    }
  }
  return null;
}

function isAtWork(report: InstanceReport | undefined, pod: V1Pod | undefined): boolean {
  return report?.healthy === true && pod !== undefined && isReady(pod);
}

function ordinal({ cluster }: RestartInput, { number }: ShardMapShard, pod: V1Pod): number {
  return ordinalOf(cluster.metadata.name, number, nameOf(pod)) ?? 0;
}

function namesOf(pods: readonly OutdatedPod[]): string[] {
  return pods.map(({ pod }) => nameOf(pod));
}

function nameOf({ metadata }: V1Pod): string {
  return metadata?.name ?? '';
}
