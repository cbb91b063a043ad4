import type { ShardedCluster, ShardMap } from '../../api/v1alpha1/index.ts';
import { APPLICATION_NAME, FIELD_MANAGER, LABELS } from '../../api/v1alpha1/index.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';
import { controllerOf, isControlledBy } from '../../runtime/owners.ts';
import { shardedClusters } from './resource-types.ts';

/**
 * Whose an object is, seen from a cluster: its own; one it may take over, since the operator wrote it for a
 * cluster of this name and nothing owns it; that of a deleted cluster of the same name, which garbage
 * collection is about to remove; or somebody else's.
 */
export type Ownership = 'own' | 'adoptable' | 'former' | 'foreign';

/** Decides whose `object` is. Never write to one that is `foreign` or `former`. */
export function ownershipOf(object: KubernetesObject, cluster: ShardedCluster): Ownership {
  const controller = controllerOf(object);
  if (controller === undefined) {
    return isOurWork(object, cluster.metadata.name) ? 'adoptable' : 'foreign';
  }
  if (isControlledBy(object, cluster)) {
    return 'own';
  }
  const isCluster =
    controller.kind === shardedClusters.kind && controller.apiVersion.startsWith(`${shardedClusters.group}/`);
  return isCluster && controller.name === cluster.metadata.name ? 'former' : 'foreign';
}

/** By its labels; or, when those were removed, by the field manager, which only a complete read shows. */
function isOurWork(object: KubernetesObject, cluster: string): boolean {
  const { labels, managedFields } = object.metadata ?? {};
  const labelled = labels?.[LABELS.managedBy] === APPLICATION_NAME && labels[LABELS.cluster] === cluster;
  return labelled || (managedFields?.some(({ manager }) => manager === FIELD_MANAGER) ?? false);
}

/** Whose a ShardMap is. One that nobody controls is taken over: a person may write it to name a lost primary. */
export function shardMapOwnership(map: ShardMap, cluster: ShardedCluster): Ownership {
  return controllerOf(map) === undefined ? 'adoptable' : ownershipOf(map, cluster);
}

/** Who owns an object, in words for a message. */
export function describeOwner(object: KubernetesObject): string {
  const controller = controllerOf(object);
  return controller === undefined ? 'nothing Shardwright knows' : `the ${controller.kind} ${controller.name}`;
}
