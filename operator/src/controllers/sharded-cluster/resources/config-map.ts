import { createHash } from 'node:crypto';
import type { V1ConfigMap } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { configMaps } from '../../../runtime/resources.ts';
import type { DesiredObject } from './desired-object.ts';
import { ownedMetadata, typeMeta } from './desired-object.ts';
import { clusterLabels } from './labels.ts';

/** Key of the user's settings in the ConfigMap, and name of the file in the pod. */
export const CONFIG_FILE = 'my.cnf';

/** Name of the ConfigMap with the user's server settings. */
export function configMapName(cluster: string): string {
  return `${cluster}-config`;
}

/** The user's settings as a file the server reads: lines before the first group are put into `[mariadbd]`. */
export function renderConfig(cluster: ShardedCluster): string {
  const text = cluster.spec.config?.trim() ?? '';
  if (text === '') {
    return '';
  }
  return text.startsWith('[') ? `${text}\n` : `[mariadbd]\n${text}\n`;
}

/** Changes when the user's settings do: the first 16 hexadecimal digits of their SHA-256. */
export function configHash(cluster: ShardedCluster): string {
  return createHash('sha256').update(renderConfig(cluster)).digest('hex').slice(0, 16);
}

/** The ConfigMap with the user's server settings. */
export function configMap(cluster: ShardedCluster): DesiredObject<V1ConfigMap> {
  const { name } = cluster.metadata;
  return {
    scope: 'cluster',
    type: configMaps,
    creation: 'apply',
    retained: false,
    object: {
      ...typeMeta(configMaps),
      metadata: ownedMetadata(cluster, configMapName(name), clusterLabels(name)),
      data: { [CONFIG_FILE]: renderConfig(cluster) },
    },
  };
}
