import type { V1ConfigMap } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { configMaps } from '../../../runtime/resources.ts';
import { authoritySecretName } from './certificates.ts';
import type { DesiredObject } from './desired-object.ts';
import { ownedMetadata, typeMeta } from './desired-object.ts';
import { clusterLabels } from './labels.ts';

/**
 * The ConfigMap `<cluster>-ca` with `ca.crt`: what a client needs to know a server of the cluster. The Secret of the
 * same name has the keys, and is for nobody but the operator.
 */
export function authorityConfigMap(cluster: ShardedCluster, authorities: string): DesiredObject<V1ConfigMap> {
  const { name } = cluster.metadata;
  return {
    scope: 'cluster',
    type: configMaps,
    creation: 'apply',
    object: {
      ...typeMeta(configMaps),
      metadata: ownedMetadata(cluster, authoritySecretName(name), clusterLabels(name)),
      data: { 'ca.crt': authorities },
    },
  };
}
