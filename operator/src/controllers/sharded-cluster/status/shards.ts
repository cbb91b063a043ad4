import type { V1Pod } from '@kubernetes/client-node';
import type {
  InstanceStatus,
  Role,
  ShardedCluster,
  ShardMapSpec,
  ShardStatus,
} from '../../../api/v1alpha1/index.ts';
import type { CloneProgress, InstanceReport, ShardReport } from '../../../core/instance-report.ts';
import { readSlotSet } from '../../../core/keyspace/slot-set.ts';
import { isBeingDeleted } from '../../../runtime/objects.ts';
import { effectiveInstances, ordinalOf } from '../instances.ts';
import { hasLabels, memberLabels } from '../role-labels.ts';
import { shardHistory } from './shard-history.ts';

/** Whether a pod takes traffic. */
export function isReady(pod: V1Pod): boolean {
  const condition = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  return condition?.status === 'True' && !isBeingDeleted(pod);
}

/** What is known of shards beyond their pods. */
export interface ShardKnowledge {
  readonly instance: (pod: string) => InstanceReport | undefined;
  readonly shard: (number: number) => ShardReport | undefined;
  /** The shards as last written. */
  readonly previous: readonly ShardStatus[];
}

/**
 * The state of every shard of the map, from its pods and from what their agents say. A pod without its labels is not
 * healthy: no Service leads to it.
 */
export function shardStatuses(
  cluster: string,
  map: ShardMapSpec,
  pods: readonly V1Pod[],
  known: ShardKnowledge,
): ShardStatus[] {
  const ready = new Map(pods.filter(isReady).map((pod) => [pod.metadata?.name ?? '', pod]));
  return map.shards.map(({ name, number, epoch, primary, replicas }) => {
    const instance = (pod: string, role: Role): InstanceStatus => {
      const found = ready.get(pod);
      const isReachable = found !== undefined && hasLabels(found, memberLabels(cluster, { number, role }));
      return instanceStatus(pod, role, isReachable, known.instance(pod));
    };
    const instances: InstanceStatus[] = [
      ...(primary === null ? [] : [instance(primary, 'primary')]),
      ...replicas.map((pod) => instance(pod, 'replica')),
    ];
    const readyInstances = instances.filter(({ healthy }) => healthy).length;
    const lags = instances
      .filter(({ role }) => role === 'replica')
      .map(({ lagSeconds }) => lagSeconds ?? null);
    const knownLags = lags.filter((lag) => lag !== null);
    const maxLagSeconds = knownLags.length < lags.length ? null : Math.max(...knownLags);
    return {
      name,
      primary,
      epoch,
      ...shardHistory(
        known.shard(number),
        known.previous.find((former) => former.name === name),
      ),
      readyInstances,
      ...slotsOf(map, number),
      ...(lags.length === 0 ? {} : { maxLagSeconds }),
      instances,
    };
  });
}

/** How many slots a shard holds, over all keyspaces; nothing where there are none. */
function slotsOf({ keyspaces = [] }: ShardMapSpec, number: number): Pick<ShardStatus, 'slots'> {
  const held = keyspaces.flatMap(({ slotsByShard }) =>
    slotsByShard.filter(({ shard }) => shard === number).map(({ slots }) => readSlotSet(slots).length),
  );
  return keyspaces.length === 0 ? {} : { slots: held.reduce((sum, count) => sum + count, 0) };
}

/** A pod whose agent has not been heard yet is judged by its readiness alone. */
function instanceStatus(
  pod: string,
  role: Role,
  isPodReady: boolean,
  report: InstanceReport | undefined,
): InstanceStatus {
  if (report === undefined) {
    return { pod, role, healthy: isPodReady, lagSeconds: null, lagBytes: null };
  }
  const { gtid, lagSeconds, lagBytes, lastChecked, error, cloning } = report;
  const complaint = cloning === null ? error : describeClone(cloning);
  return {
    pod,
    role,
    healthy: isPodReady && report.healthy,
    ...(gtid === undefined ? {} : { gtid }),
    lagSeconds: lagSeconds === null ? null : Math.round(lagSeconds * 1000) / 1000,
    lagBytes,
    ...(lastChecked === undefined
      ? {}
      : { lastChecked: `${new Date(lastChecked).toISOString().slice(0, 19)}Z` }),
    ...(cloning === null ? {} : { clone: cloneStatus(cloning) }),
    ...(complaint === undefined ? {} : { error: complaint.slice(0, MESSAGE_CHARACTERS) }),
  };
}

/** As long as the status may hold. */
const MESSAGE_CHARACTERS = 1000;

function describeClone({ source }: CloneProgress): string {
  return `It is being cloned from ${source}.`;
}

function cloneStatus({ source, bytes, estimatedBytes, bytesPerSecond }: CloneProgress) {
  return { source, bytes, estimatedBytes, bytesPerSecond: Math.round(bytesPerSecond) };
}

/** Whether the shard's primary is there and healthy. */
export function hasPrimary({ primary, instances = [] }: ShardStatus): boolean {
  return instances.some(({ pod, healthy }) => pod === primary && healthy);
}

/** Pods of instances that are not healthy, those that are on their way out left aside. */
export function unhealthyPods(
  shards: readonly ShardStatus[],
  leaving: ReadonlySet<string> = new Set(),
): string[] {
  return shards.flatMap(({ instances = [] }) =>
    instances.filter(({ pod, healthy }) => !healthy && !leaving.has(pod)).map(({ pod }) => pod),
  );
}

/**
 * Members that are no longer asked for and still on record. They stay in the status, from which a lost map is
 * restored, but nobody waits for them.
 */
export function leavingPods({ metadata, spec }: ShardedCluster, shards: readonly ShardStatus[]): Set<string> {
  const leaving = new Set<string>();
  for (const { name, primary = null, instances = [] } of shards) {
    const number = numberOfShard(name);
    const members = instances.map(({ pod }) => pod);
    const kept = effectiveInstances(metadata.name, spec.instances, { number, primary, replicas: members });
    for (const pod of members) {
      if ((ordinalOf(metadata.name, number, pod) ?? 0) >= kept) {
        leaving.add(pod);
      }
    }
  }
  return leaving;
}

/** The number at the end of a shard's name. */
export function numberOfShard(name: string): number {
  return Number(name.slice(name.lastIndexOf('-') + 1));
}
