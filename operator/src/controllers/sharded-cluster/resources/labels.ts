/** Labels and selectors of the objects of a cluster. Selectors are immutable, so none of these ever changes. */
import type { Role } from '../../../api/v1alpha1/index.ts';
import { APPLICATION_NAME, LABELS } from '../../../api/v1alpha1/index.ts';

/** Finds every object that belongs to any ShardedCluster. */
export const ANY_CLUSTER_SELECTOR = LABELS.cluster;

/** Labels of an object that belongs to the whole cluster. */
export function clusterLabels(cluster: string): Record<string, string> {
  return {
    [LABELS.name]: APPLICATION_NAME,
    [LABELS.component]: 'database',
    [LABELS.instance]: cluster,
    [LABELS.managedBy]: APPLICATION_NAME,
    [LABELS.cluster]: cluster,
  };
}

/** Labels of an object that belongs to shard `number`. */
export function shardLabels(cluster: string, number: number): Record<string, string> {
  return { ...clusterLabels(cluster), [LABELS.shard]: String(number) };
}

/** Selects the database pods of shard `number`, in every role. */
export function shardSelector(cluster: string, number: number): Record<string, string> {
  return {
    [LABELS.name]: APPLICATION_NAME,
    [LABELS.component]: 'database',
    [LABELS.cluster]: cluster,
    [LABELS.shard]: String(number),
  };
}

/** Selects the pods of shard `number` that have `role`. */
export function roleSelector(cluster: string, number: number, role: Role): Record<string, string> {
  return { ...shardSelector(cluster, number), [LABELS.role]: role };
}

/** Labels of the routers of a cluster and of all that belongs to them. */
export function routerLabels(cluster: string): Record<string, string> {
  return { ...clusterLabels(cluster), [LABELS.component]: 'router' };
}

/** Selects the routers of a cluster. */
export function routerSelector(cluster: string): Record<string, string> {
  return {
    [LABELS.name]: APPLICATION_NAME,
    [LABELS.component]: 'router',
    [LABELS.cluster]: cluster,
  };
}

/** Selects all database pods of a cluster, in the syntax of the `scale` sub-resource. */
export function clusterSelectorText(cluster: string): string {
  return `${LABELS.cluster}=${cluster},${LABELS.component}=database`;
}

/** The number in the shard label, or `undefined` for an object of no shard. */
export function shardNumberOf(labels: { readonly [key: string]: string } | undefined): number | undefined {
  const text = labels?.[LABELS.shard];
  return text !== undefined && /^\d{1,4}$/.test(text) ? Number(text) : undefined;
}
