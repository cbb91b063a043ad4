import type { V1Pod, V1StatefulSet } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { ANNOTATIONS } from '../../../api/v1alpha1/index.ts';
import { isBeingDeleted } from '../../../runtime/objects.ts';
import { controllerOf } from '../../../runtime/owners.ts';
import { podSettingsDigest } from '../resources/runtime-image.ts';

/** Label in which the StatefulSet controller keeps the revision a pod was made from. */
const REVISION_LABEL = 'controller-revision-hash';

/** A pod made from a former template. */
export interface OutdatedPod {
  readonly pod: V1Pod;
  /** Name of its StatefulSet, which is that of its shard. */
  readonly shard: string;
  /**
   * Whether the spec says something else than it did when the pod was made. Otherwise only what the operator builds of
   * it has changed: an upgrade of the operator restarts nothing by itself.
   */
  readonly isBySpec: boolean;
}

/**
 * Pods made from a former template, in the order of their names; none of a StatefulSet that its controller has not
 * caught up with. Pure.
 */
export function findOutdatedPods(
  cluster: ShardedCluster,
  statefulSets: readonly V1StatefulSet[],
  pods: readonly V1Pod[],
): OutdatedPod[] {
  const settings = podSettingsDigest(cluster);
  const revisions = new Map(
    statefulSets
      .filter(({ metadata, status }) => status?.observedGeneration === metadata?.generation)
      .map(({ metadata, status }) => [metadata?.name ?? '', status?.updateRevision]),
  );
  return pods
    .flatMap((pod) => {
      const controller = controllerOf(pod);
      const shard = controller?.kind === 'StatefulSet' ? controller.name : undefined;
      const revision = shard === undefined ? undefined : revisions.get(shard);
      const isOutdated =
        revision !== undefined && pod.metadata?.labels?.[REVISION_LABEL] !== revision && !isBeingDeleted(pod);
      const made = pod.metadata?.annotations?.[ANNOTATIONS.podSettings];
      return isOutdated && shard !== undefined
        ? [{ pod, shard, isBySpec: made !== undefined && made !== settings }]
        : [];
    })
    .toSorted((a, b) => nameOf(a.pod).localeCompare(nameOf(b.pod)));
}

function nameOf({ metadata }: V1Pod): string {
  return metadata?.name ?? '';
}
