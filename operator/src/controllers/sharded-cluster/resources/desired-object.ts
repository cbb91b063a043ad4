import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import type { KubernetesObject, OwnerReference, ResourceType } from '../../../runtime/objects.ts';
import { apiVersionOf } from '../../../runtime/objects.ts';
import { controllerReference } from '../../../runtime/owners.ts';
import { shardedClusters } from '../resource-types.ts';

/** What an object belongs to: the cluster as a whole, or one shard by number. */
export type Scope = 'cluster' | number;

/** An object that should exist, with every field the operator decides. */
export interface DesiredObject<T extends KubernetesObject = KubernetesObject> {
  readonly scope: Scope;
  readonly type: ResourceType<T>;
  readonly object: T;
  /**
   * How it first comes into being. `create` fails when somebody else was quicker, where an apply would
   * overwrite: for what must be made up once only, such as passwords.
   */
  readonly creation: 'apply' | 'create';
}

/** The metadata builders set. */
export interface OwnedMetadata {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  ownerReferences?: OwnerReference[];
}

/** Identifies an object of a cluster, whose objects all share its namespace: `services/name`. */
export function objectId(type: ResourceType<KubernetesObject>, name: string): string {
  return `${type.plural}/${name}`;
}

/** Name of a desired object. Builders always set it. */
export function nameOf(desired: DesiredObject): string {
  return desired.object.metadata?.name ?? '';
}

/** Metadata of an object that goes away with the cluster. */
export function ownedMetadata(
  cluster: ShardedCluster,
  name: string,
  labels: Record<string, string>,
): OwnedMetadata {
  return {
    ...unownedMetadata(cluster, name, labels),
    ownerReferences: [{ ...controllerReference(shardedClusters, cluster) }],
  };
}

/**
 * Metadata of an object without which retained volumes would be worthless. The cluster never owns it, whatever its
 * `deletionPolicy`, which may change at the last moment: a deletion with `--cascade=foreground` takes what is owned
 * before any finalizer can prevent it.
 */
export function unownedMetadata(
  cluster: ShardedCluster,
  name: string,
  labels: Record<string, string>,
): OwnedMetadata {
  return { name, namespace: cluster.metadata.namespace, labels };
}

/** `apiVersion` and `kind` of a type, as server-side apply needs them in the body. */
export function typeMeta(type: ResourceType<KubernetesObject>): { apiVersion: string; kind: string } {
  return { apiVersion: apiVersionOf(type), kind: type.kind };
}
