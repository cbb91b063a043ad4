import type { V1PersistentVolumeClaim, V1StatefulSet } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { shardName } from '../../../api/v1alpha1/index.ts';
import { statefulSets } from '../../../runtime/resources.ts';
import type { DesiredObject } from './desired-object.ts';
import { ownedMetadata, typeMeta } from './desired-object.ts';
import { shardLabels, shardSelector } from './labels.ts';
import { podTemplate } from './pod-template.ts';
import { DATA_VOLUME } from './pod-volumes.ts';
import { runtimeImageOf } from './runtime-image.ts';

/** Former pod templates kept for comparison. */
const REVISION_HISTORY = 3;

/** What a shard's StatefulSet is built from beside the cluster. */
export interface StatefulSetInput {
  readonly number: number;
  /** Pods it should have; 0 while hibernated. */
  readonly replicas: number;
  /** Image of the operator. */
  readonly image: string;
  /** The StatefulSet as it is. Its volume claims are kept, as they cannot be changed, and the image of our programs. */
  readonly live: V1StatefulSet | undefined;
}

/**
 * The StatefulSet of a shard. Pods start together, since a shard comes back from a total outage only when its
 * members can see each other, and no pod is restarted by itself: the order of restarts is the operator's to
 * choose. Volumes outlive a smaller number of instances, and the StatefulSet: what `deletionPolicy` says is done
 * when the cluster is deleted, or garbage collection would act on a policy that was changed meanwhile.
 */
export function statefulSet(cluster: ShardedCluster, input: StatefulSetInput): DesiredObject<V1StatefulSet> {
  const { number, replicas, live } = input;
  const { name } = cluster.metadata;
  const { image, annotations } = runtimeImageOf(cluster, input.image, live);
  return {
    scope: number,
    type: statefulSets,
    creation: 'apply',
    object: {
      ...typeMeta(statefulSets),
      metadata: {
        ...ownedMetadata(cluster, shardName(name, number), shardLabels(name, number)),
        annotations: { ...annotations },
      },
      spec: {
        replicas,
        serviceName: shardName(name, number),
        podManagementPolicy: 'Parallel',
        updateStrategy: { type: 'OnDelete' },
        revisionHistoryLimit: REVISION_HISTORY,
        persistentVolumeClaimRetentionPolicy: { whenScaled: 'Retain', whenDeleted: 'Retain' },
        selector: { matchLabels: shardSelector(name, number) },
        template: podTemplate(cluster, number, image),
        volumeClaimTemplates: live?.spec?.volumeClaimTemplates ?? [dataVolumeClaim(cluster, number)],
      },
    },
  };
}

/** Size of the volumes a StatefulSet makes, as a quantity; `undefined` when it makes none of ours. */
export function volumeSizeOf(set: V1StatefulSet): string | undefined {
  return set.spec?.volumeClaimTemplates?.find(({ metadata }) => metadata?.name === DATA_VOLUME)?.spec
    ?.resources?.requests?.['storage'];
}

function dataVolumeClaim(cluster: ShardedCluster, number: number): V1PersistentVolumeClaim {
  const { size, storageClassName } = cluster.spec.storage;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: DATA_VOLUME, labels: shardLabels(cluster.metadata.name, number) },
    spec: {
      accessModes: ['ReadWriteOnce'],
      volumeMode: 'Filesystem',
      resources: { requests: { storage: size } },
      ...(storageClassName === undefined ? {} : { storageClassName }),
    },
    // As the API server fills it in: it compares a list of templates as a whole.
    status: { phase: 'Pending' },
  };
}
