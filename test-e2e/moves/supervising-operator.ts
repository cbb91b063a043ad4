/** The operator in this process: everything that keeps shards, users and moves going, without what makes pods. */
import { createWriteStream } from 'node:fs';
import type { ShardMap, ShardMapSpec, ShardRebalance } from '../../operator/src/api/v1alpha1/index.ts';
import { createCaches, type ClusterCaches } from '../../operator/src/controllers/sharded-cluster/caches.ts';
import { createShardRebalanceController } from '../../operator/src/controllers/shard-rebalance/controller.ts';
import { operatorCertificateName } from '../../operator/src/controllers/sharded-cluster/resources/certificates.ts';
import type { AgentState } from '../../operator/src/agent/protocol/agent-state.ts';
import type { ShardReport } from '../../operator/src/core/instance-report.ts';
import { mariadbEngine } from '../../operator/src/engines/mariadb/engine.ts';
import { noMoverMetrics } from '../../operator/src/movers/mover-metrics.ts';
import { Movers } from '../../operator/src/movers/movers.ts';
import { openLog } from '../../operator/src/observability/winston-logger.ts';
import type { ApiClient } from '../../operator/src/runtime/client/api-client.ts';
import { systemClock } from '../../operator/src/runtime/clock.ts';
import type { EventRecorder } from '../../operator/src/runtime/events/recorder.ts';
import { createStallMonitor } from '../../operator/src/supervisor/agent-client/stall-monitor.ts';
import { AgentStreams } from '../../operator/src/supervisor/agent-streams.ts';
import { noSupervisorMetrics } from '../../operator/src/supervisor/supervisor-metrics.ts';
import { Supervisor } from '../../operator/src/supervisor/supervisor.ts';
import { CLUSTER, NAMESPACE } from '../agent/cluster-processes.ts';

const KEY = { namespace: NAMESPACE, name: CLUSTER };

/** A supervisor that runs. */
export interface SupervisingOperator {
  /** The map as last seen or written. */
  map(): ShardMapSpec;
  /** The newest word of an agent; undefined before the first. */
  state(pod: string): AgentState | undefined;
  /** What is known of a shard; undefined before it was looked at. */
  shard(number: number): ShardReport | undefined;
  /** What is known of a rebalance; undefined while there is none of that name. */
  rebalance(name: string): ShardRebalance | undefined;
  /** Names of all rebalances. */
  rebalances(): readonly string[];
  /** Ends as a killed operator would: in the middle of whatever it does. */
  stop(): Promise<void>;
}

/** Starts it; resolves when it knows the cluster. Its log goes to a file. */
export async function startOperator(
  client: ApiClient,
  logFile: string,
  recorder: EventRecorder,
): Promise<SupervisingOperator> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const log = openLog({ level: 'debug', format: 'json', stream: createWriteStream(logFile, { flags: 'a' }) });
  const common = { client, clock: systemClock, logger: log.logger, random: Math.random };
  const caches = createCaches({ ...common, namespaces: [NAMESPACE] });
  const stallMonitor = createStallMonitor({ clock: systemClock });
  const streams = new AgentStreams({
    ...common,
    stallMonitor,
    pods: caches.pods,
    secrets: caches.secrets,
    certificateName: operatorCertificateName,
  });
  const supervisor = new Supervisor({
    ...common,
    streams,
    recorder,
    metrics: noSupervisorMetrics,
    positions: mariadbEngine.positions,
    credentials: mariadbEngine.credentials,
    secrets: caches.secrets,
    clusters: caches.clusters,
    shardMaps: caches.shardMaps,
    pods: caches.pods,
  });
  const movers = new Movers({
    ...common,
    ...caches,
    streams,
    recorder,
    writer: supervisor.maps,
    reports: supervisor,
    positions: mariadbEngine.positions,
    metrics: noMoverMetrics,
  });
  const rebalancing = createShardRebalanceController({ ...common, ...caches, recorder, views: movers });
  movers.onNews((cluster) => rebalancing.enqueue(cluster));
  supervisor.onVerdict((cluster) => rebalancing.enqueue(cluster));
  const used = [caches.clusters, caches.shardMaps, caches.rebalances, caches.secrets, caches.pods];
  const running = Promise.all([...used.map((cache) => cache.run(signal)), stallMonitor.run(signal)]);
  await Promise.all(used.map((cache) => cache.whenSynced(signal)));
  const supervising = Promise.all([
    streams.run(signal),
    supervisor.run(signal),
    movers.run(signal),
    rebalancing.run(signal),
  ]);
  return {
    map: () => requireMap(supervisor, caches).spec,
    state(pod) {
      const uid = caches.pods.get({ namespace: NAMESPACE, name: pod })?.metadata?.uid ?? '';
      return streams.view(uid)?.frame?.state;
    },
    shard: (number) => supervisor.shard(KEY, number),
    rebalance: (name) => caches.rebalances.get({ namespace: NAMESPACE, name }),
    rebalances: () => caches.rebalances.list(NAMESPACE).map(({ metadata }) => metadata.name),
    async stop() {
      stopping.abort(new Error('the operator is stopped'));
      await Promise.all([running, supervising]);
    },
  };
}

function requireMap(supervisor: Supervisor, { shardMaps }: ClusterCaches): ShardMap {
  const map = supervisor.maps.get(KEY) ?? shardMaps.get(KEY);
  if (map === undefined) {
    throw new Error('there is no ShardMap');
  }
  return map;
}
