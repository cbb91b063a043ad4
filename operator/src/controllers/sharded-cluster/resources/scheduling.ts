/** Where database pods run: defaults that keep the members of a shard apart, and what the user asks for. */
import type { V1Affinity, V1PodSpec, V1TopologySpreadConstraint } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { shardSelector } from './labels.ts';

/** Label by which nodes are told apart. */
export const NODE = 'kubernetes.io/hostname';
/** Label by which zones are. */
export const ZONE = 'topology.kubernetes.io/zone';

/** Heaviest weight a preference can have. */
export const STRONGEST_PREFERENCE = 100;

/** The scheduling fields of the pods of shard `number`. Absent fields are left out. */
export function schedulingOf(cluster: ShardedCluster, number: number): Partial<V1PodSpec> {
  const { nodeSelector, tolerations, priorityClassName, imagePullSecrets } = cluster.spec;
  const affinity = affinityOf(cluster, number);
  return {
    ...(affinity === undefined ? {} : { affinity }),
    topologySpreadConstraints: spreadOf(cluster, number),
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    ...(tolerations === undefined ? {} : { tolerations }),
    ...(priorityClassName === undefined ? {} : { priorityClassName }),
    ...(imagePullSecrets === undefined ? {} : { imagePullSecrets }),
  };
}

/** The user's affinity, with the members of a shard kept on different nodes as `spec.podAntiAffinity` says. */
function affinityOf(cluster: ShardedCluster, number: number): V1Affinity | undefined {
  const given = cluster.spec.affinity;
  const { podAntiAffinity } = cluster.spec;
  if (podAntiAffinity === 'Disabled') {
    return given;
  }
  const apart = {
    topologyKey: NODE,
    labelSelector: { matchLabels: shardSelector(cluster.metadata.name, number) },
  };
  const required = given?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const preferred = given?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const merged =
    podAntiAffinity === 'Required'
      ? {
          ...given?.podAntiAffinity,
          requiredDuringSchedulingIgnoredDuringExecution: [apart, ...required],
        }
      : {
          ...given?.podAntiAffinity,
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: STRONGEST_PREFERENCE, podAffinityTerm: apart },
            ...preferred,
          ],
        };
  return { ...given, podAntiAffinity: merged };
}

/** The user's constraints, and spread over zones where the user says nothing about zones. */
function spreadOf(cluster: ShardedCluster, number: number): V1TopologySpreadConstraint[] {
  const labelSelector = { matchLabels: shardSelector(cluster.metadata.name, number) };
  const given: V1TopologySpreadConstraint[] = cluster.spec.topologySpreadConstraints ?? [];
  const overZones = { maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: 'ScheduleAnyway' };
  const all = given.some(({ topologyKey }) => topologyKey === ZONE) ? given : [overZones, ...given];
  return all.map((constraint) => ({ labelSelector, ...constraint }));
}
