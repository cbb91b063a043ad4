import type { LookupFunction, Socket } from 'node:net';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openLog } from '../observability/winston-logger.ts';
import { connect } from '../runtime/client/connect.ts';
import { systemClock } from '../runtime/clock.ts';
import { startStatusServer } from '../runtime/http/server.ts';
import type { Logger } from '../runtime/logger.ts';
import type { MetricsPage } from '../runtime/metrics/metrics-page.ts';
import { createPrometheusMetrics } from '../runtime/metrics/prometheus.ts';
import { createServiceLookup } from '../runtime/service-lookup.ts';
import { KnownAddresses } from '../router/backend/known-addresses.ts';
import { ROUTER_ENVIRONMENT } from '../router/pod-contract.ts';
import { type Entrance, listeningEntrance } from '../router/process/entrance.ts';
import { PrimaryChannel } from '../router/process/primary-channel.ts';
import { openRouterFiles } from '../router/process/router-files.ts';
import {
  createRouterWorker,
  type RouterWorker,
  type RouterWorkerOptions,
} from '../router/process/router-worker.ts';
import type { MessageToWorker } from '../router/process/worker-messages.ts';
import { forkWorker, WORKER_INDEX_VARIABLE } from '../router/process/worker-process.ts';
import { WorkerProcesses } from '../router/process/worker-processes.ts';
import { keepMap } from '../router/topology/kept-map.ts';
import { createMapFile } from '../router/topology/map-file.ts';
import type { MapSource } from '../router/topology/map-source.ts';
import { type AddressOf, podAddresses, readAddresses } from '../router/topology/servers.ts';
import { createWatchedMap } from '../router/topology/watched-map.ts';
import type { RouterConfig } from './router-config.ts';
import { runProcess } from './run-process.ts';
import { VERSION } from './version.ts';

/** Runs the router until SIGTERM, then lets its clients end what they have begun; resolves with the exit code. */
export async function runRouterCommand(config: RouterConfig): Promise<number> {
  const log = openLog({ level: config.logLevel, format: config.logFormat, stream: process.stdout });
  const index = process.env[WORKER_INDEX_VARIABLE];
  return runProcess((signal) => {
    if (process.send !== undefined && index !== undefined) {
      return runWorkerProcess(config, Number(index), log.logger.child({ worker: Number(index) }), signal);
    }
    return config.workers === 1
      ? runAlone(config, log.logger, signal)
      : runWithWorkers(config, log.logger, signal);
  }, log);
}

/** One process does everything. */
async function runAlone(config: RouterConfig, logger: Logger, signal: AbortSignal): Promise<void> {
  const { source, close } = await openSource(config, logger);
  const { registry, page } = createPrometheusMetrics();
  const worker = await openWorker(config, {
    source,
    entrance: entranceOf(config, false),
    index: 0,
    registry,
    logger,
    killElsewhere: async () => 'unknown',
    processes: null,
  });
  try {
    await withStatusPages(
      config,
      logger,
      page,
      () => worker.assertReady(),
      () => worker.run(signal, new AbortController().signal),
    );
  } finally {
    await close();
  }
}

/** This process follows the map, lets clients in and answers for all; others serve. */
async function runWithWorkers(config: RouterConfig, logger: Logger, signal: AbortSignal): Promise<void> {
  const { source, close } = await openSource(config, logger);
  const processes = new WorkerProcesses({
    source,
    workers: config.workers,
    maxConnections: config.maxConnections,
    entrance: entranceOf(config, true),
    start: forkWorker,
    clock: systemClock,
    logger,
  });
  const { page } = createPrometheusMetrics();
  const all: MetricsPage = { contentType: page.contentType, render: () => processes.renderMetrics() };
  try {
    await withStatusPages(
      config,
      logger,
      all,
      () => processes.assertReady(),
      () => processes.run(signal),
    );
  } finally {
    await close();
  }
}

/** A process that serves. It ends with the primary process, whose death leaves it without a map. */
async function runWorkerProcess(
  config: RouterConfig,
  index: number,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const orphaned = new AbortController();
  process.once('disconnect', () => orphaned.abort(new Error('the primary process is gone')));
  const { registry } = createPrometheusMetrics();
  const serving: { worker?: RouterWorker } = {};
  const channel = new PrimaryChannel({
    parent: {
      send: (message) => void process.send?.(message),
      onMessage: (handler) =>
        void process.on('message', (message, socket) =>
          handler(message as MessageToWorker, socket as Socket | undefined),
        ),
    },
    registry,
    state: () => reasonOf(serving.worker),
    connections: () => serving.worker?.connections ?? 0,
    processes: () => serving.worker?.processes() ?? [],
    kill: (request) => serving.worker?.kill(request) ?? 'unknown',
    clock: systemClock,
  });
  serving.worker = await openWorker(config, {
    source: channel,
    entrance: channel.entrance,
    index,
    registry,
    logger,
    killElsewhere: (request) => channel.killElsewhere(request),
    processes: () => channel.processes(),
  });
  await serving.worker.run(AbortSignal.any([signal, orphaned.signal]), orphaned.signal);
}

function reasonOf(worker: RouterWorker | undefined): string | null {
  try {
    worker?.assertReady();
    return worker === undefined ? 'starting' : null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function openWorker(
  config: RouterConfig,
  own: Pick<
    RouterWorkerOptions,
    'source' | 'entrance' | 'index' | 'registry' | 'logger' | 'killElsewhere' | 'processes'
  >,
): Promise<RouterWorker> {
  const clock = systemClock;
  return createRouterWorker({
    ...own,
    ...(await openAddresses(config, own.logger)),
    files: await openRouterFiles({ folders: config.folders, clock, logger: own.logger }),
    limits: config,
    workers: config.workers,
    clock,
  });
}

function entranceOf({ listen }: RouterConfig, unread: boolean): Entrance {
  return listeningEntrance(
    { host: listen?.host ?? '::', port: listen?.port ?? 0 },
    { unread, clock: systemClock },
  );
}

async function withStatusPages(
  config: RouterConfig,
  logger: Logger,
  metricsPage: MetricsPage,
  assertReady: () => void,
  body: () => Promise<void>,
): Promise<void> {
  const status =
    config.bindAddress === undefined
      ? undefined
      : await startStatusServer({
          ...config.bindAddress,
          metricsPage,
          clock: systemClock,
          logger,
          healthChecks: new Map(),
          readinessChecks: new Map([['serving', assertReady]]),
        });
  try {
    await body();
  } finally {
    await status?.close();
  }
}

/** For as long as a login may take: who is asked may be gone, and another answers the next attempt. */
const NAME_SERVICE = { attempts: 6, attemptMilliseconds: 500 };

/** Pods by their names; outside Kubernetes by a file. */
async function openAddresses(
  config: RouterConfig,
  logger: Logger,
): Promise<{ readonly addressOf: AddressOf; readonly lookup: LookupFunction | undefined }> {
  if (config.addressesFile !== undefined) {
    return { addressOf: readAddresses(await readFile(config.addressesFile, 'utf8')), lookup: undefined };
  }
  const known = new KnownAddresses({ ask: createServiceLookup(NAME_SERVICE), clock: systemClock, logger });
  return {
    addressOf: podAddresses(process.env[ROUTER_ENVIRONMENT.namespace] ?? 'default'),
    lookup: known.lookup,
  };
}

/** The map from a file, or from the API server with the last one kept for a restart. */
async function openSource(
  config: RouterConfig,
  logger: Logger,
): Promise<{ readonly source: MapSource; readonly close: () => Promise<void> }> {
  const clock = systemClock;
  if (config.mapFile !== undefined) {
    return { source: createMapFile({ path: config.mapFile, clock, logger }), close: async () => {} };
  }
  const connection = await connect({
    kubeconfigPath: config.kubeconfig,
    userAgent: `shardwright-router/${VERSION}`,
  });
  const watched = createWatchedMap({
    client: connection.client,
    namespace: process.env[ROUTER_ENVIRONMENT.namespace] ?? connection.namespace,
    cluster: config.cluster,
    clock,
    logger,
    random: Math.random,
  });
  const path = join(config.folders.memory, 'shard-map.json');
  return {
    source: await keepMap({ source: watched, path, cluster: config.cluster, logger }),
    close: () => connection.close(),
  };
}
