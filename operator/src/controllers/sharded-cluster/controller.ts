/** Puts the controller of ShardedClusters together. */
import { randomBytes as systemRandomBytes } from 'node:crypto';
import { FIELD_MANAGER, type ShardRebalance } from '../../api/v1alpha1/index.ts';
import type { InstanceReports } from '../../core/instance-report.ts';
import { createApplier } from '../../runtime/apply.ts';
import type { Change } from '../../runtime/cache/change.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Controller } from '../../runtime/controller.ts';
import { createController } from '../../runtime/controller.ts';
import type { EventRecorder } from '../../runtime/events/recorder.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Manager, Runnable } from '../../runtime/manager.ts';
import type { RuntimeMetrics } from '../../runtime/metrics/metrics.ts';
import type { KubernetesObject, ObjectKey } from '../../runtime/objects.ts';
import { keyOf } from '../../runtime/objects.ts';
import type { ClusterCaches } from './caches.ts';
import { clusterKeysOf, clusterOfRebalance, createCaches, memberCaches } from './caches.ts';
import type { RandomBytes } from './credentials.ts';
import { ensureCertificates } from './ensure-certificates.ts';
import { PromptRoleLabels } from './prompt-role-labels.ts';
import { ShardedClusterReconciler } from './reconciler.ts';
import { RoleLabeller } from './role-labeller.ts';

/** Clusters reconciled at a time. A pass waits for the API server most of the time. */
const CONCURRENCY = 4;

/** What failed is tried again at least so often: what was in the way may be gone without a trace in any cache. */
const LONGEST_RETRY_MILLISECONDS = 60_000;

/** Nobody else may add anything there to objects of the operator: a second port, a host network, a mounted file. */
const EXCLUSIVE_FIELDS = ['spec', 'data', 'binaryData'];

/** What the controller needs. */
export interface ShardedClusterControllerOptions {
  readonly client: ApiClient;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Makes what knows of running instances, from the caches that the controller reads. */
  readonly reports: (caches: ClusterCaches) => InstanceReports;
  /** Image of the operator, run in the pods of databases. */
  readonly image: string;
  /** The only namespace to act in. @default all */
  readonly namespace?: string;
  /** @default none */
  readonly metrics?: RuntimeMetrics;
  /** Uniform in [0, 1); jitters delays. @default Math.random */
  readonly random?: () => number;
  /** For passwords. @default `node:crypto` */
  readonly randomBytes?: RandomBytes;
  /** @default that of ensure-certificates.ts, which takes real time */
  readonly ensureCertificates?: typeof ensureCertificates;
  /** Freeze cached objects, so that a change of one throws; for tests. @default false */
  readonly freeze?: boolean;
}

/** The controller and the caches it reads. */
export interface ShardedClusterController {
  readonly controller: Controller;
  /** Runs beside it, where it runs. */
  readonly roleLabels: Runnable;
  readonly caches: ClusterCaches;
}

/** Makes the controller; nothing runs yet. */
export function createShardedClusterController(
  options: ShardedClusterControllerOptions,
): ShardedClusterController {
  const { client, recorder, clock, logger, image, reports, namespace, metrics, random, freeze } = options;
  const common = {
    clock,
    logger,
    ...(metrics === undefined ? {} : { metrics }),
    ...(random === undefined ? {} : { random }),
  };
  const caches = createCaches({
    ...common,
    client,
    ...(namespace === undefined ? {} : { namespaces: [namespace] }),
    ...(freeze === undefined ? {} : { freeze }),
  });
  const labeller = new RoleLabeller({ client, caches });
  const controller = createController({
    ...common,
    name: 'sharded-cluster',
    concurrency: CONCURRENCY,
    longestRetryMilliseconds: LONGEST_RETRY_MILLISECONDS,
    reconciler: new ShardedClusterReconciler({
      caches,
      writer: {
        client,
        applier: createApplier({ client, fieldManager: FIELD_MANAGER, exclusive: EXCLUSIVE_FIELDS }),
      },
      recorder,
      clock,
      logger: logger.child({ controller: 'sharded-cluster' }),
      randomBytes: options.randomBytes ?? systemRandomBytes,
      image,
      labeller,
      reports: reports(caches),
      ensureCertificates: options.ensureCertificates ?? ensureCertificates,
    }),
  });
  controller.watch(caches.clusters, (cluster) => [keyOf(cluster)]);
  for (const informer of memberCaches(caches)) {
    controller.watch(informer, affectedClusters);
  }
  controller.watch(caches.rebalances, (rebalance, change) =>
    change.type === 'updated' && isToldAlike(change.previous, rebalance)
      ? []
      : [clusterOfRebalance(rebalance)],
  );
  const roleLabels = new PromptRoleLabels({ caches, labeller, logger });
  return { controller, roleLabels, caches };
}

/** Makes the controller and hands it, with its caches, to a manager. */
export function addShardedClusterController(
  manager: Manager,
  options: ShardedClusterControllerOptions,
): ShardedClusterController {
  const made = createShardedClusterController(options);
  for (const informer of [made.caches.clusters, made.caches.rebalances, ...memberCaches(made.caches)]) {
    manager.addInformer(informer);
  }
  manager.addController(made.controller);
  manager.addRunnable(made.roleLabels);
  return made;
}

/** Whether two states of a rebalance make the same status of their cluster: figures do not matter there. */
function isToldAlike({ status: left }: ShardRebalance, { status: right }: ShardRebalance): boolean {
  return (
    left?.phase === right?.phase &&
    left?.summary?.moves === right?.summary?.moves &&
    (left?.message === right?.message || right?.phase === 'Running')
  );
}

/** The cluster an object is labelled with, and the one it was labelled with before. */
export function affectedClusters(
  object: KubernetesObject,
  change: Change<KubernetesObject>,
): readonly ObjectKey[] {
  const before = change.type === 'updated' ? clusterKeysOf(change.previous) : [];
  return [...clusterKeysOf(object), ...before];
}
