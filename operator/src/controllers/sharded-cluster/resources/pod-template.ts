import { createHash } from 'node:crypto';
import type {
  V1Container,
  V1EnvVar,
  V1PodTemplateSpec,
  V1ResourceRequirements,
} from '@kubernetes/client-node';
import { AGENT_ENVIRONMENT, AGENT_PORTS, LAUNCHER_SOCKET } from '../../../agent/pod-contract.ts';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { ANNOTATIONS, shardName } from '../../../api/v1alpha1/index.ts';
import type { ContainerContract } from '../../../engines/container.ts';
import { engineOf } from '../engine-of.ts';
import { resourcesOf } from './container-resources.ts';
import { shardLabels } from './labels.ts';
import { CONFINED } from './pod-security.ts';
import { agentMounts, databaseMounts, podVolumes, RUNTIME_MOUNTS, RUNTIME_PATH } from './pod-volumes.ts';
import { BUILDER_VERSION, podSettingsDigest } from './runtime-image.ts';
import { schedulingOf } from './scheduling.ts';
import { databaseServiceAccountName } from './service-account.ts';
import { DATABASE_PORT, DATABASE_PORT_NAME } from './service.ts';

/** Container of the database. */
const DATABASE_CONTAINER = 'mariadb';

/** Container of the agent. */
const AGENT_CONTAINER = 'agent';

/** A primary that is asked to stop hands over first. */
const TERMINATION_GRACE_SECONDS = 120;

/** The launcher ends its server so long before the kubelet would end the launcher. */
const LAUNCHER_MARGIN_SECONDS = 10;

/** The agent is idle most of the time; receiving a clone takes the processor it gets. */
const AGENT_RESOURCES: V1ResourceRequirements = { requests: { cpu: '20m', memory: '128Mi' } };

/**
 * V8 lets its space for new objects grow to 32 MiB, and keeps them, for programs that make much garbage. An agent makes
 * little, and there is one beside every server. In MiB.
 */
const AGENT_HEAP = ['--max-semi-space-size=2'];

/**
 * The pods of shard `number`, fit for the `restricted` Pod Security level. `image` is the one from
 * which our programs are copied; everything else runs in the database's image, stock as it is.
 */
export function podTemplate(cluster: ShardedCluster, number: number, image: string): V1PodTemplateSpec {
  const { name } = cluster.metadata;
  const { container } = engineOf(cluster);
  const { defaultUserId } = container;
  const databaseImage = cluster.spec.engine.image ?? container.image(cluster.spec.engine.version);
  return {
    metadata: {
      labels: shardLabels(name, number),
      annotations: {
        [ANNOTATIONS.builderVersion]: BUILDER_VERSION,
        [ANNOTATIONS.configHash]: configHash(cluster),
        [ANNOTATIONS.podSettings]: podSettingsDigest(cluster),
        'kubectl.kubernetes.io/default-container': DATABASE_CONTAINER,
      },
    },
    spec: {
      serviceAccountName: databaseServiceAccountName(name),
      // Only the agent gets a token.
      automountServiceAccountToken: false,
      // One variable for each Service in the namespace would change with every Service that comes or goes.
      enableServiceLinks: false,
      // The agent ends a server of the other container by itself, should the launcher hang.
      shareProcessNamespace: true,
      terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: defaultUserId,
        runAsGroup: defaultUserId,
        fsGroup: defaultUserId,
        // Changing the group of every file of a large volume at each start would take minutes.
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      initContainers: [runtimeContainer(image), agentContainer(name, number, databaseImage, container)],
      containers: [databaseContainer(cluster, databaseImage, container)],
      volumes: podVolumes(name, shardName(name, number)),
      ...schedulingOf(cluster, number),
    },
  };
}

/** Changes when the user's settings do: the first 16 hexadecimal digits of their SHA-256. */
export function configHash({ spec }: ShardedCluster): string {
  return createHash('sha256')
    .update(spec.config ?? '')
    .digest('hex')
    .slice(0, 16);
}

/** Copies Node.js and our programs to where the other containers find them. */
function runtimeContainer(image: string): V1Container {
  return {
    name: 'runtime',
    image,
    imagePullPolicy: 'IfNotPresent',
    args: ['runtime', '--to', RUNTIME_PATH],
    resources: AGENT_RESOURCES,
    securityContext: CONFINED,
    volumeMounts: RUNTIME_MOUNTS,
  };
}

function field(name: string, fieldPath: string): V1EnvVar {
  return { name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } };
}

/** A side-car that starts before the server's container and ends after it. */
function agentContainer(
  cluster: string,
  number: number,
  image: string,
  container: ContainerContract,
): V1Container {
  const { agent, metrics } = AGENT_PORTS;
  return {
    name: AGENT_CONTAINER,
    restartPolicy: 'Always',
    image,
    imagePullPolicy: 'IfNotPresent',
    command: [`${RUNTIME_PATH}/node`, ...AGENT_HEAP, `${RUNTIME_PATH}/shardwright.mjs`, 'agent'],
    env: [
      field(AGENT_ENVIRONMENT.pod, 'metadata.name'),
      field(AGENT_ENVIRONMENT.namespace, 'metadata.namespace'),
      field(AGENT_ENVIRONMENT.podUid, 'metadata.uid'),
      { name: AGENT_ENVIRONMENT.cluster, value: cluster },
      { name: AGENT_ENVIRONMENT.shard, value: String(number) },
    ],
    ports: [agent, metrics].map(({ name, port }) => ({ name, containerPort: port, protocol: 'TCP' })),
    livenessProbe: {
      httpGet: { path: '/healthz', port: metrics.name },
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 6,
    },
    resources: AGENT_RESOURCES,
    securityContext: CONFINED,
    volumeMounts: agentMounts(container),
  };
}

/**
 * Its main process only waits for orders, and outlives its server. Ready is what the agent finds fit for reads, with
 * the agent's own hysteresis: one answer decides.
 */
function databaseContainer(
  cluster: ShardedCluster,
  image: string,
  container: ContainerContract,
): V1Container {
  return {
    name: DATABASE_CONTAINER,
    image,
    imagePullPolicy: 'IfNotPresent',
    command: [
      `${RUNTIME_PATH}/node`,
      `${RUNTIME_PATH}/launcher.mjs`,
      '--socket',
      `${container.memoryPath}/${LAUNCHER_SOCKET}`,
      '--grace-seconds',
      String(TERMINATION_GRACE_SECONDS - LAUNCHER_MARGIN_SECONDS),
    ],
    ports: [{ name: DATABASE_PORT_NAME, containerPort: DATABASE_PORT, protocol: 'TCP' }],
    readinessProbe: {
      httpGet: { path: '/readyz', port: AGENT_PORTS.metrics.port },
      periodSeconds: 1,
      timeoutSeconds: 2,
      failureThreshold: 2,
    },
    resources: resourcesOf(cluster.spec.resources),
    securityContext: CONFINED,
    volumeMounts: databaseMounts(container),
  };
}
