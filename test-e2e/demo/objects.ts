/** The parts of objects that the demo shows, as kubectl prints them in JSON. */

interface Metadata {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export interface ShardedClusterObject {
  readonly metadata: Metadata & { readonly generation: number };
  readonly spec: { readonly shards: number; readonly instances: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly Condition[];
    readonly summary?: Readonly<Record<string, string>>;
  };
}

export interface PodObject {
  readonly metadata: Metadata;
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
    readonly containerStatuses?: readonly {
      readonly state: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
    }[];
  };
}

export interface ListOf<T> {
  readonly items: readonly T[];
}

/** Whether the pod takes part in its Services. */
export function isPodReady(pod: PodObject): boolean {
  return pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

/** Why a pod is not ready, in Kubernetes' own words, as far as it says. */
export function podTrouble(pod: PodObject): string {
  const waiting = pod.status.containerStatuses
    ?.map(({ state }) => state.waiting?.reason)
    .find((reason) => reason !== undefined);
  const scheduling = pod.status.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  return waiting ?? scheduling?.message ?? pod.status.phase ?? 'unknown';
}

/** The condition of that type. */
export function findCondition(cluster: ShardedClusterObject, type: string): Condition | undefined {
  return cluster.status?.conditions?.find((condition) => condition.type === type);
}

/** Whether the operator says that the spec as it now is has been fulfilled. */
export function isClusterReady(cluster: ShardedClusterObject): boolean {
  return (
    cluster.status?.observedGeneration === cluster.metadata.generation &&
    findCondition(cluster, 'Ready')?.status === 'True'
  );
}
