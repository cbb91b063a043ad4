import type {
  V1Container,
  V1Deployment,
  V1KeyToPath,
  V1PodSpec,
  V1PodTemplateSpec,
  V1Volume,
} from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { routerName } from '../../../api/v1alpha1/index.ts';
import {
  ROUTER_ENVIRONMENT,
  ROUTER_PATHS,
  ROUTER_PORTS,
  ROUTER_SECRET_KEYS,
  routerArguments,
} from '../../../router/pod-contract.ts';
import { deployments } from '../../../runtime/resources.ts';
import { authoritySecretName, routerCertificateName } from './certificates.ts';
import { resourcesOf } from './container-resources.ts';
import type { DesiredObject } from './desired-object.ts';
import { ownedMetadata, typeMeta } from './desired-object.ts';
import { routerLabels, routerSelector } from './labels.ts';
import { CONFINED } from './pod-security.ts';
import { tokenVolume, TOKEN_PATH } from './pod-volumes.ts';
import { NODE, STRONGEST_PREFERENCE, ZONE } from './scheduling.ts';

/** Container of a router. */
const ROUTER_CONTAINER = 'router';

/** User of the operator's image. */
const IMAGE_USER_ID = 65_532;

/** Open transactions have so long to end when a router stops. */
const TERMINATION_GRACE_SECONDS = 60;

/** Former pod templates kept, to roll back to by hand while the operator is suspended. */
const REVISION_HISTORY = 3;

/** Whether a cluster has routers: without a keyspace there is nothing that they could route. */
export function wantsRouters({ spec }: ShardedCluster): boolean {
  return spec.keyspaces.length > 0 && spec.router.replicas > 0;
}

/**
 * The routers, from the operator's image. They hold nothing that another could not do as well, so that the Deployment may
 * replace them whenever their template changes, an upgrade of the operator included: each by a new one that is ready
 * before the old one goes.
 */
export function routerDeployment(cluster: ShardedCluster, image: string): DesiredObject<V1Deployment> {
  const { name } = cluster.metadata;
  const { router, hibernated } = cluster.spec;
  return {
    scope: 'cluster',
    type: deployments,
    creation: 'apply',
    object: {
      ...typeMeta(deployments),
      metadata: ownedMetadata(cluster, routerName(name), routerLabels(name)),
      spec: {
        replicas: hibernated ? 0 : router.replicas,
        revisionHistoryLimit: REVISION_HISTORY,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        selector: { matchLabels: routerSelector(name) },
        template: template(cluster, image),
      },
    },
  };
}

function template(cluster: ShardedCluster, image: string): V1PodTemplateSpec {
  const { name } = cluster.metadata;
  return {
    metadata: { labels: routerLabels(name) },
    spec: {
      serviceAccountName: routerName(name),
      // Mounted by hand below, for an hour at a time.
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: IMAGE_USER_ID,
        runAsGroup: IMAGE_USER_ID,
        fsGroup: IMAGE_USER_ID,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [container(cluster, image)],
      volumes: volumes(cluster),
      ...scheduling(cluster),
    },
  };
}

function container(cluster: ShardedCluster, image: string): V1Container {
  const { spec, metadata } = cluster;
  const { mysql, metrics } = ROUTER_PORTS;
  const { maxConnections, idleTimeoutSeconds, holdSeconds } = spec.router;
  return {
    name: ROUTER_CONTAINER,
    image,
    imagePullPolicy: 'IfNotPresent',
    args: routerArguments({
      cluster: metadata.name,
      maxConnections,
      idleTimeoutSeconds,
      holdSeconds,
      maxLagSeconds: spec.readService.maxLagSeconds,
      requireTls: spec.tls.required,
    }),
    env: [
      {
        name: ROUTER_ENVIRONMENT.pod,
        valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } },
      },
      {
        name: ROUTER_ENVIRONMENT.namespace,
        valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } },
      },
    ],
    ports: [mysql, metrics].map(({ name, port }) => ({ name, containerPort: port, protocol: 'TCP' })),
    readinessProbe: {
      httpGet: { path: '/readyz', port: metrics.name },
      periodSeconds: 2,
      timeoutSeconds: 2,
      failureThreshold: 2,
    },
    livenessProbe: {
      httpGet: { path: '/healthz', port: metrics.name },
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 6,
    },
    resources: resourcesOf(spec.router.resources),
    securityContext: CONFINED,
    volumeMounts: [
      { name: 'router', mountPath: ROUTER_PATHS.secret, readOnly: true },
      { name: 'tls', mountPath: ROUTER_PATHS.tls, readOnly: true },
      { name: 'authority', mountPath: ROUTER_PATHS.authority, readOnly: true },
      { name: 'memory', mountPath: ROUTER_PATHS.memory },
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'token', mountPath: TOKEN_PATH, readOnly: true },
    ],
  };
}

function files(...keys: readonly string[]): V1KeyToPath[] {
  return keys.map((key) => ({ key, path: key }));
}

function volumes({ metadata, spec }: ShardedCluster): V1Volume[] {
  const { name } = metadata;
  const certificate = spec.tls.serverCertificateSecretRef?.name ?? routerCertificateName(name);
  return [
    {
      name: 'router',
      secret: { secretName: routerName(name), items: files(...Object.values(ROUTER_SECRET_KEYS)) },
    },
    { name: 'tls', secret: { secretName: certificate, items: files('tls.crt', 'tls.key') } },
    { name: 'authority', configMap: { name: authoritySecretName(name), items: files('ca.crt') } },
    { name: 'memory', emptyDir: {} },
    { name: 'tmp', emptyDir: {} },
    tokenVolume(),
  ];
}

/** Apart from each other, by node and by zone, where that is possible. */
function scheduling({ metadata, spec }: ShardedCluster): Partial<V1PodSpec> {
  const labelSelector = { matchLabels: routerSelector(metadata.name) };
  return {
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: STRONGEST_PREFERENCE, podAffinityTerm: { topologyKey: NODE, labelSelector } },
        ],
      },
    },
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: 'ScheduleAnyway', labelSelector },
    ],
    ...(spec.imagePullSecrets === undefined ? {} : { imagePullSecrets: spec.imagePullSecrets }),
  };
}

/** How many routers take connections, of how many. */
export interface RouterCount {
  readonly wanted: number;
  readonly available: number;
  /** Whether routers are being made or replaced, as asked for: what is missing then was not lost. */
  readonly isRollingOut: boolean;
}

/** The reason a Deployment gives for `Progressing` when all its pods have been made from the newest template once. */
const ROLLED_OUT = 'NewReplicaSetAvailable';

/** Counts the routers of a cluster; null where none are asked for. */
export function countRouters(cluster: ShardedCluster, live: V1Deployment | undefined): RouterCount | null {
  const { router, hibernated } = cluster.spec;
  if (!wantsRouters(cluster) || hibernated) {
    return null;
  }
  const progressing = live?.status?.conditions?.find(({ type }) => type === 'Progressing');
  return {
    wanted: router.replicas,
    available: live?.status?.availableReplicas ?? 0,
    isRollingOut:
      live?.status?.observedGeneration !== live?.metadata?.generation || progressing?.reason !== ROLLED_OUT,
  };
}
