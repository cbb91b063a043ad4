/** Runs a loop for the moves of every map, on the leader. */
import type { V1Pod } from '@kubernetes/client-node';
import {
  EVENT_REASONS,
  type ShardedCluster,
  type ShardMap,
  type ShardRebalance,
} from '../api/v1alpha1/index.ts';
import type { ClusterKey, InstanceReports } from '../core/instance-report.ts';
import type {
  DatabaseObstacle,
  KeyedDatabase,
  MeasuredShard,
  MoveView,
  MoveViews,
} from '../core/move-view.ts';
import type { PositionArithmetic } from '../engines/position.ts';
import type { Informer } from '../runtime/cache/informer.ts';
import type { Clock } from '../runtime/clock.ts';
import type { EventRecorder } from '../runtime/events/recorder.ts';
import type { Logger } from '../runtime/logger.ts';
import { formatKey } from '../runtime/objects.ts';
import { aborted } from '../runtime/abort.ts';
import type { AgentStreams } from '../supervisor/agent-streams.ts';
import type { ShardMapWriter } from '../supervisor/shard-map-writer.ts';
import { ClusterMover } from './cluster-mover.ts';
import type { MoverMetrics } from './mover-metrics.ts';

export interface MoversOptions {
  readonly clusters: Informer<ShardedCluster>;
  readonly shardMaps: Informer<ShardMap>;
  readonly rebalances: Informer<ShardRebalance>;
  readonly pods: Informer<V1Pod>;
  /** That of the supervisor: two would run into each other. */
  readonly writer: Pick<ShardMapWriter, 'get' | 'changeMap'>;
  readonly streams: Pick<AgentStreams, 'view' | 'onEvent' | 'command'>;
  readonly reports: Pick<InstanceReports, 'shard'>;
  readonly recorder: EventRecorder;
  readonly positions: PositionArithmetic;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MoverMetrics;
}

/** Each table is opened: of thousands, on a busy server, that takes a while. */
const INSPECTION_MILLISECONDS = 30_000;
/** Half of an index is read, or of a table that is sorted; the server ends each statement by itself after less than half of that. */
const MIDDLE_KEY_MILLISECONDS = 60_000;

interface Loop {
  readonly mover: ClusterMover;
  readonly ended: Promise<void>;
  stop(): void;
}

/** Moves the slots of all clusters. */
export class Movers implements MoveViews {
  readonly name = 'movers';
  readonly #options: MoversOptions;
  readonly #loops = new Map<string, Loop>();
  readonly #handlers = new Set<(cluster: ClusterKey) => void>();

  constructor(options: MoversOptions) {
    this.#options = options;
  }

  /** Calls `handler` when what is known of a cluster's moves changes by more than figures. */
  onNews(handler: (cluster: ClusterKey) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  move(cluster: ClusterKey, id: string): MoveView | undefined {
    return this.#loops.get(formatKey(cluster))?.mover.view(id);
  }

  shards(cluster: ClusterKey): readonly MeasuredShard[] {
    return this.#loops.get(formatKey(cluster))?.mover.shards() ?? [];
  }

  async inspect(
    cluster: ClusterKey,
    number: number,
    databases: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly DatabaseObstacle[]> {
    const { uid, epoch } = this.#primaryOf(cluster, number);
    const request = { command: 'inspectDatabases', epoch, databases } as const;
    return (await this.#options.streams.command(uid, request, INSPECTION_MILLISECONDS, signal)).findings;
  }

  async middleKey(
    cluster: ClusterKey,
    number: number,
    slot: KeyedDatabase,
    signal: AbortSignal,
  ): Promise<string> {
    const { uid, epoch } = this.#primaryOf(cluster, number);
    const request = { command: 'findMiddleKey', epoch, ...slot } as const;
    return (await this.#options.streams.command(uid, request, MIDDLE_KEY_MILLISECONDS, signal)).key;
  }

  /** Runs until the signal aborts; resolves when all loops have ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { shardMaps, rebalances, clusters, streams } = this.#options;
    const wake = (cluster: ClusterKey): void => this.#loops.get(formatKey(cluster))?.mover.wake();
    const forget = [
      shardMaps.onChange(() => this.#follow(signal)),
      rebalances.onChange(({ object: { metadata, spec } }) =>
        wake({ namespace: metadata.namespace, name: spec.clusterName }),
      ),
      clusters.onChange(({ object: { metadata } }) =>
        wake({ namespace: metadata.namespace, name: metadata.name }),
      ),
      streams.onEvent(({ namespace, cluster }) =>
        this.#loops.get(formatKey({ namespace, name: cluster }))?.mover.hear(),
      ),
    ];
    try {
      await aborted(signal);
    } finally {
      forget.forEach((stop) => stop());
      this.#loops.forEach((loop) => loop.stop());
      await Promise.all([...this.#loops.values()].map(({ ended }) => ended));
    }
  }

  /** The pod of a shard's primary, by uid. Throws where there is none. */
  #primaryOf(cluster: ClusterKey, number: number): { readonly uid: string; readonly epoch: number } {
    const { writer, pods } = this.#options;
    const shard = writer.get(cluster)?.spec.shards.find((each) => each.number === number);
    const { primary = null, epoch = 0 } = shard ?? {};
    if (primary === null) {
      throw new Error(`shard ${number} has no primary now`);
    }
    const uid = pods.get({ namespace: cluster.namespace, name: primary })?.metadata?.uid ?? '';
    return { uid, epoch };
  }

  /** A loop for each map, and none for what is gone. */
  #follow(signal: AbortSignal): void {
    const wanted = new Map(
      this.#options.shardMaps.list().map(({ metadata: { namespace, name } }) => {
        const cluster = { namespace, name };
        return [formatKey(cluster), cluster] as const;
      }),
    );
    for (const [id, loop] of this.#loops) {
      if (!wanted.has(id)) {
        loop.stop();
        this.#loops.delete(id);
      }
    }
    for (const [id, cluster] of wanted) {
      const loop = this.#loops.get(id);
      if (loop === undefined) {
        this.#loops.set(id, this.#begin(cluster, signal));
      } else {
        loop.mover.wake();
      }
    }
  }

  #begin(cluster: ClusterKey, signal: AbortSignal): Loop {
    const { rebalances, streams, reports, recorder, clusters, logger } = this.#options;
    const scope = new AbortController();
    const mover = new ClusterMover({
      ...this.#options,
      cluster,
      rebalances: () =>
        rebalances.list(cluster.namespace).filter(({ spec }) => spec.clusterName === cluster.name),
      viewOf: (uid) => streams.view(uid),
      stateOf: (shard) => reports.shard(cluster, shard)?.state,
      logger: logger.child({ cluster: formatKey(cluster) }),
      tell: (reason, note, rebalance) => {
        const regarding = rebalance ?? clusters.get(cluster);
        if (regarding !== undefined) {
          recorder.event(regarding, { type: EVENT_REASONS[reason].type, reason, action: 'Move', note });
        }
      },
      onNews: () => this.#handlers.forEach((handler) => handler(cluster)),
    });
    const ended = mover.run(AbortSignal.any([scope.signal, signal]));
    return { mover, ended, stop: () => scope.abort() };
  }
}
