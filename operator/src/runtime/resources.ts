/** The built-in resources an operator commonly reads and writes. */
import type {
  V1ConfigMap,
  V1Deployment,
  V1Namespace,
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1Role,
  V1RoleBinding,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
} from '@kubernetes/client-node';
import type { KubernetesObject } from './objects.ts';
import { defineResource } from './objects.ts';

/** coordination.k8s.io/v1 Lease, with its times as they travel. */
export interface Lease extends KubernetesObject {
  readonly spec?: LeaseSpec;
}

/** Who holds a Lease. All fields may be missing in a Lease nobody has taken yet. */
export interface LeaseSpec {
  /** Empty when the last holder let go. */
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  /** RFC 3339 with microseconds. */
  readonly acquireTime?: string;
  /** RFC 3339 with microseconds, by the holder's clock. */
  readonly renewTime?: string;
  /** How often the Lease went to another holder. */
  readonly leaseTransitions?: number;
}

/** Names an object inside an event. */
export interface ObjectReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly fieldPath?: string;
}

/** events.k8s.io/v1 Event, with its times as they travel. */
export interface KubernetesEvent extends KubernetesObject {
  /** RFC 3339 with microseconds: when the first of a series happened. */
  readonly eventTime?: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
  readonly reportingController?: string;
  readonly reportingInstance?: string;
  readonly action?: string;
  readonly reason?: string;
  readonly regarding?: ObjectReference;
  readonly related?: ObjectReference;
  readonly note?: string;
  readonly type?: string;
}

const core = { group: '', version: 'v1' };
const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1' };

export const pods = defineResource<V1Pod>({ ...core, kind: 'Pod', plural: 'pods', namespaced: true });
export const services = defineResource<V1Service>({
  ...core,
  kind: 'Service',
  plural: 'services',
  namespaced: true,
});
export const secrets = defineResource<V1Secret>({
  ...core,
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
});
export const configMaps = defineResource<V1ConfigMap>({
  ...core,
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
});
export const serviceAccounts = defineResource<V1ServiceAccount>({
  ...core,
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  namespaced: true,
});
export const persistentVolumeClaims = defineResource<V1PersistentVolumeClaim>({
  ...core,
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  namespaced: true,
});
export const persistentVolumes = defineResource<V1PersistentVolume>({
  ...core,
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  namespaced: false,
});
export const nodes = defineResource<V1Node>({ ...core, kind: 'Node', plural: 'nodes', namespaced: false });
export const namespaces = defineResource<V1Namespace>({
  ...core,
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
});
export const statefulSets = defineResource<V1StatefulSet>({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  namespaced: true,
});
export const deployments = defineResource<V1Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
});
export const podDisruptionBudgets = defineResource<V1PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  namespaced: true,
});
export const roles = defineResource<V1Role>({ ...rbac, kind: 'Role', plural: 'roles', namespaced: true });
export const roleBindings = defineResource<V1RoleBinding>({
  ...rbac,
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
});
export const leases = defineResource<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
});
export const events = defineResource<KubernetesEvent>({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
});
