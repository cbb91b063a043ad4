import type { V1Container, V1PodTemplateSpec, V1ResourceRequirements } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { ANNOTATIONS } from '../../../api/v1alpha1/index.ts';
import { configHash, configMapName } from './config-map.ts';
import { shardLabels } from './labels.ts';
import { schedulingOf } from './scheduling.ts';
import { databaseServiceAccountName } from './service-account.ts';
import { DATABASE_PORT, DATABASE_PORT_NAME } from './service.ts';

/**
 * Version of this builder. Raise it when a change of the template must reach running databases, which restarts
 * them; otherwise keep what is running as it is.
 */
export const BUILDER_VERSION = '1';

/** Container of the database. */
export const DATABASE_CONTAINER = 'mariadb';

/** Volume with the data. */
export const DATA_VOLUME = 'data';

/** Where the data volume is mounted; stock images expect it there. */
export const DATA_DIRECTORY = '/var/lib/mysql';

const CONFIG_DIRECTORY = '/etc/shardwright';

/** User and group of every process in the pod and owner of its files: `mysql` in stock images. */
export const DATABASE_USER_ID = 999;

/** A primary that is asked to stop hands over first, and a server flushes before it ends. */
const TERMINATION_GRACE_SECONDS = 120;

/** The pods of shard `number`, fit for the `restricted` Pod Security level. `image` is the operator's own. */
export function podTemplate(cluster: ShardedCluster, number: number, image: string): V1PodTemplateSpec {
  const { name } = cluster.metadata;
  return {
    metadata: {
      labels: shardLabels(name, number),
      annotations: {
        [ANNOTATIONS.builderVersion]: BUILDER_VERSION,
        [ANNOTATIONS.configHash]: configHash(cluster),
        'kubectl.kubernetes.io/default-container': DATABASE_CONTAINER,
      },
    },
    spec: {
      serviceAccountName: databaseServiceAccountName(name),
      automountServiceAccountToken: false,
      // One variable for each Service in the namespace would change with every Service that comes or goes.
      enableServiceLinks: false,
      terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: DATABASE_USER_ID,
        runAsGroup: DATABASE_USER_ID,
        fsGroup: DATABASE_USER_ID,
        // Changing the group of every file of a large volume at each start would take minutes.
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [databaseContainer(cluster, image)],
      volumes: [
        { name: 'config', configMap: { name: configMapName(name) } },
        { name: 'tmp', emptyDir: {} },
      ],
      ...schedulingOf(cluster, number),
    },
  };
}

function databaseContainer(cluster: ShardedCluster, image: string): V1Container {
  return {
    name: DATABASE_CONTAINER,
    image,
    imagePullPolicy: 'IfNotPresent',
    args: ['placeholder'],
    env: [
      { name: 'SHARDWRIGHT_DATA_DIRECTORY', value: DATA_DIRECTORY },
      { name: 'SHARDWRIGHT_PORT', value: String(DATABASE_PORT) },
      {
        name: 'SHARDWRIGHT_POD_NAME',
        valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } },
      },
    ],
    ports: [{ name: DATABASE_PORT_NAME, containerPort: DATABASE_PORT, protocol: 'TCP' }],
    readinessProbe: { tcpSocket: { port: DATABASE_PORT_NAME }, periodSeconds: 5, timeoutSeconds: 2 },
    resources: resourcesOf(cluster),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: DATA_VOLUME, mountPath: DATA_DIRECTORY },
      { name: 'config', mountPath: CONFIG_DIRECTORY, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

function resourcesOf(cluster: ShardedCluster): V1ResourceRequirements {
  const { requests, limits } = cluster.spec.resources;
  return {
    ...(requests === undefined ? {} : { requests: asText(requests) }),
    ...(limits === undefined ? {} : { limits: asText(limits) }),
  };
}

function asText(amounts: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, String(amount)]));
}
