import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openLog } from '../observability/winston-logger.ts';
import { connect } from '../runtime/client/connect.ts';
import { systemClock } from '../runtime/clock.ts';
import { startStatusServer } from '../runtime/http/server.ts';
import type { Logger } from '../runtime/logger.ts';
import { createPrometheusMetrics } from '../runtime/metrics/prometheus.ts';
import { ROUTER_ENVIRONMENT } from '../router/pod-contract.ts';
import { openRouterFiles } from '../router/process/router-files.ts';
import { createRouterWorker } from '../router/process/router-worker.ts';
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
  return runProcess((signal) => runRouter(config, log.logger, signal), log);
}

async function runRouter(config: RouterConfig, logger: Logger, signal: AbortSignal): Promise<void> {
  const clock = systemClock;
  const { source, addressOf, close } = await openSource(config, logger);
  const { registry, page } = createPrometheusMetrics();
  const files = await openRouterFiles({ folders: config.folders, clock, logger });
  const worker = createRouterWorker({
    source,
    addressOf,
    files,
    listen: { host: config.listen?.host ?? '::', port: config.listen?.port ?? 0 },
    limits: config,
    index: 0,
    workers: 1,
    registry,
    clock,
    logger,
  });
  const status =
    config.bindAddress === undefined
      ? undefined
      : await startStatusServer({
          ...config.bindAddress,
          metricsPage: page,
          clock,
          logger,
          healthChecks: new Map(),
          readinessChecks: new Map([['serving', () => worker.assertReady()]]),
        });
  try {
    await worker.run(signal);
  } finally {
    await status?.close();
    await close();
  }
}

interface OpenedSource {
  readonly source: MapSource;
  readonly addressOf: AddressOf;
  close(): Promise<void>;
}

/** The map from a file, or from the API server with the last one kept for a restart. */
async function openSource(config: RouterConfig, logger: Logger): Promise<OpenedSource> {
  const clock = systemClock;
  if (config.mapFile !== undefined && config.addressesFile !== undefined) {
    return {
      source: createMapFile({ path: config.mapFile, clock, logger }),
      addressOf: readAddresses(await readFile(config.addressesFile, 'utf8')),
      close: async () => {},
    };
  }
  const connection = await connect({
    kubeconfigPath: config.kubeconfig,
    userAgent: `shardwright-router/${VERSION}`,
  });
  const namespace = process.env[ROUTER_ENVIRONMENT.namespace] ?? connection.namespace;
  const watched = createWatchedMap({
    client: connection.client,
    namespace,
    cluster: config.cluster,
    clock,
    logger,
    random: Math.random,
  });
  return {
    source: await keepMap({
      source: watched,
      path: join(config.folders.memory, 'shard-map.json'),
      cluster: config.cluster,
      logger,
    }),
    addressOf: podAddresses(namespace),
    close: () => connection.close(),
  };
}
