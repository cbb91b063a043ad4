import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { collectDefaultMetrics } from '@prometheus-io/client';
import { API_GROUP } from '../api/v1alpha1/index.ts';
import { createShardRebalanceController } from '../controllers/shard-rebalance/controller.ts';
import { addShardedClusterController } from '../controllers/sharded-cluster/controller.ts';
import { RouterWatch } from '../controllers/sharded-cluster/lost-routers/router-watch.ts';
import { operatorCertificateName } from '../controllers/sharded-cluster/resources/certificates.ts';
import { mariadbEngine } from '../engines/mariadb/engine.ts';
import { createMoverMetrics } from '../movers/mover-metrics.ts';
import { Movers } from '../movers/movers.ts';
import { openLog } from '../observability/winston-logger.ts';
import { connect } from '../runtime/client/connect.ts';
import { systemClock } from '../runtime/clock.ts';
import { createEventRecorder } from '../runtime/events/recorder.ts';
import type { Logger } from '../runtime/logger.ts';
import { createManager } from '../runtime/manager.ts';
import { createPrometheusMetrics } from '../runtime/metrics/prometheus.ts';
import { createStallMonitor } from '../supervisor/agent-client/stall-monitor.ts';
import { AgentStreams } from '../supervisor/agent-streams.ts';
import { createSupervisorMetrics } from '../supervisor/supervisor-metrics.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import type { OperatorConfig } from './operator-config.ts';
import { runProcess } from './run-process.ts';
import { VERSION } from './version.ts';

/** Runs the operator until SIGTERM or until it fails; resolves with the exit code of the process. */
export async function runOperatorCommand(config: OperatorConfig): Promise<number> {
  const log = openLog({ level: config.logLevel, format: config.logFormat, stream: process.stdout });
  return runProcess((signal) => runOperator(config, log.logger, signal), log);
}

/**
 * Connects, wires the controllers and runs them until `signal` aborts. Rejects when the connection cannot be
 * prepared, and with `LeadershipLostError`.
 */
async function runOperator(config: OperatorConfig, logger: Logger, signal: AbortSignal): Promise<void> {
  logger.info('starting', { version: VERSION, image: config.image, watchNamespace: config.watchNamespace });
  const clock = systemClock;
  // In a pod the host name is the pod's.
  const instance = hostname();
  const { metrics, page, registry } = createPrometheusMetrics();
  // Memory, processor time, event loop and garbage collection of this process.
  collectDefaultMetrics({ register: registry });
  const connection = await connect({
    kubeconfigPath: config.kubeconfig,
    userAgent: `shardwright/${VERSION} (${process.platform}/${process.arch})`,
    metrics: metrics.client,
    clock,
  });
  const { client } = connection;
  const manager = createManager({
    client,
    clock,
    logger,
    metrics,
    ...(config.bindAddress && { http: { ...config.bindAddress, metricsPage: page } }),
    ...(config.leaderElect && {
      leaderElection: {
        namespace: config.leaderElectionNamespace || connection.namespace,
        name: config.leaderElectionLeaseName,
        identity: `${instance}_${randomUUID()}`,
      },
    }),
  });
  const events = createEventRecorder({
    client,
    clock,
    logger,
    reporter: { controller: `${API_GROUP}/operator`, instance },
  });
  manager.addRunnable(events, { everywhere: true });
  let supervision: { readonly supervisor: Supervisor; readonly streams: AgentStreams } | undefined;
  const stallMonitor = createStallMonitor({ clock });
  manager.addRunnable({ name: 'stall-monitor', run: (stop) => stallMonitor.run(stop) }, { everywhere: true });
  const { controller, caches } = addShardedClusterController(manager, {
    reports: (shared) => {
      const streams = new AgentStreams({
        clock,
        logger,
        stallMonitor,
        random: Math.random,
        pods: shared.pods,
        secrets: shared.secrets,
        certificateName: operatorCertificateName,
      });
      const supervisor = new Supervisor({
        client,
        clock,
        logger,
        streams,
        recorder: events,
        metrics: createSupervisorMetrics(registry),
        positions: mariadbEngine.positions,
        credentials: mariadbEngine.credentials,
        random: Math.random,
        secrets: shared.secrets,
        clusters: shared.clusters,
        shardMaps: shared.shardMaps,
        pods: shared.pods,
      });
      supervision = { supervisor, streams };
      manager.addRunnable(streams, { everywhere: true });
      manager.addRunnable(supervisor);
      return supervisor;
    },
    client,
    recorder: events,
    clock,
    logger,
    metrics,
    image: config.image,
    ...(config.watchNamespace !== '' && { namespace: config.watchNamespace }),
  });
  if (supervision === undefined) {
    throw new TypeError('the controller of clusters has made no supervisor');
  }
  const { supervisor, streams } = supervision;
  supervisor.onVerdict((cluster) => controller.enqueue(cluster));
  const isLeading = (): boolean => manager.isLeader();
  const routerWatch = new RouterWatch({ client, caches, recorder: events, clock, logger, isLeading });
  manager.addRunnable(routerWatch, { everywhere: true });
  const movers = new Movers({
    ...caches,
    clock,
    logger,
    streams,
    writer: supervisor.maps,
    reports: supervisor,
    recorder: events,
    positions: mariadbEngine.positions,
    metrics: createMoverMetrics(registry),
  });
  const rebalancing = createShardRebalanceController({
    ...caches,
    client,
    clock,
    logger,
    metrics,
    views: movers,
    recorder: events,
  });
  movers.onNews((cluster) => rebalancing.enqueue(cluster));
  supervisor.onVerdict((cluster) => rebalancing.enqueue(cluster));
  manager.addController(rebalancing);
  manager.addRunnable(movers);
  try {
    await manager.run(signal);
  } finally {
    await connection.close();
  }
}
