/** Runs a loop for every shard of every map, on the leader, and knows of every instance, on every replica. */
import type { V1Pod, V1Secret } from '@kubernetes/client-node';
import type { ShardedCluster, ShardMap } from '../api/v1alpha1/index.ts';
import { EVENT_REASONS, LABELS } from '../api/v1alpha1/index.ts';
import type {
  ClusterKey,
  InstanceProblem,
  InstanceReport,
  InstanceReports,
  ReadTarget,
  ShardReport,
} from '../core/instance-report.ts';
import type { MapEvidence } from '../core/rebuild/evidence.ts';
import type { PositionArithmetic } from '../engines/position.ts';
import type { Credentials } from '../engines/users.ts';
import type { Informer } from '../runtime/cache/informer.ts';
import type { ApiClient } from '../runtime/client/api-client.ts';
import type { Clock } from '../runtime/clock.ts';
import type { EventRecorder } from '../runtime/events/recorder.ts';
import type { Logger } from '../runtime/logger.ts';
import { formatKey, isBeingDeleted } from '../runtime/objects.ts';
import type { AgentStreams } from './agent-streams.ts';
import type { AgentTarget } from './agent-client/agent-target.ts';
import { currentState } from './observe-shard.ts';
import { decideReadTarget, NOT_ROUTED, type ReadRouting } from './decide-read-target.ts';
import { reportInstance } from './report-instance.ts';
import type { PromotionNews } from './act/promote.ts';
import type { SwitchoverNews } from './act/switch-over.ts';
import { readMapEvidence } from './map-evidence.ts';
import { MemberNews } from './member-news.ts';
import { ShardMapWriter } from './shard-map-writer.ts';
import { ShardSupervisor } from './shard-supervisor.ts';
import type { SupervisorMetrics } from './supervisor-metrics.ts';
import { UserKeeper } from './users/user-keeper.ts';

export interface SupervisorOptions {
  readonly client: ApiClient;
  readonly clusters: Informer<ShardedCluster>;
  readonly shardMaps: Informer<ShardMap>;
  readonly pods: Informer<V1Pod>;
  /** Those of the clusters themselves. */
  readonly secrets: Informer<V1Secret>;
  readonly credentials: Credentials;
  readonly random: () => number;
  readonly streams: AgentStreams;
  readonly recorder: EventRecorder;
  readonly positions: PositionArithmetic;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: SupervisorMetrics;
}

interface Loop {
  readonly supervisor: ShardSupervisor;
  readonly ended: Promise<void>;
  stop(): void;
}

/** What of reports changes a verdict is looked at so often. */
const REVIEW_MILLISECONDS = 500;

/** Supervises all shards. */
export class Supervisor implements InstanceReports {
  readonly name = 'supervisor';
  readonly #options: SupervisorOptions;
  readonly #loops = new Map<string, Loop>();
  readonly #writer: ShardMapWriter;
  readonly #routings = new Map<string, ReadRouting>();
  readonly #verdicts = new Map<string, string>();
  readonly #news: MemberNews;
  readonly #handlers = new Set<(cluster: ClusterKey) => void>();
  readonly #users: UserKeeper;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#users = new UserKeeper(options);
    this.#writer = new ShardMapWriter(options.client, options.shardMaps);
    this.#news = new MemberNews(options.clock.now());
  }

  /** Calls `handler` when what is known of a cluster's instances changes a verdict. */
  onVerdict(handler: (cluster: ClusterKey) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** The only way to the maps, for whoever else changes them: writes do not run into each other. */
  get maps(): ShardMapWriter {
    return this.#writer;
  }

  instance(cluster: ClusterKey, pod: string): InstanceReport | undefined {
    const { shardMaps, pods, streams, clock } = this.#options;
    const shard = shardMaps
      .get(cluster)
      ?.spec.shards.find(({ primary, replicas }) => primary === pod || replicas.includes(pod));
    const uid = pods.get({ namespace: cluster.namespace, name: pod })?.metadata?.uid;
    return shard === undefined || uid === undefined
      ? undefined
      : reportInstance(shard, pod, streams.view(uid), clock.monotonic());
  }

  shard(cluster: ClusterKey, shard: number): ShardReport | undefined {
    return this.#loops.get(shardId(cluster, shard))?.supervisor.report;
  }

  readTarget(cluster: ClusterKey, shard: number): ReadTarget | undefined {
    return this.#routings.get(shardId(cluster, shard))?.target;
  }

  cluster(cluster: ClusterKey): readonly InstanceProblem[] {
    return this.#users.problems(cluster);
  }

  async evidence(cluster: ClusterKey, signal: AbortSignal): Promise<MapEvidence> {
    return readMapEvidence(this.#options, cluster, signal);
  }

  /** Runs until the signal aborts; resolves when all loops have ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { shardMaps, pods, streams, clock } = this.#options;
    const keepingUsers = this.#users.run(signal);
    const forget = [
      shardMaps.onChange(() => this.#follow(signal)),
      pods.onChange(({ object }) => this.#wake(object)),
      streams.onEvent((target) => this.#wakeShardOf(target.namespace, target.pod)),
      streams.lead((target) => this.#isPrimary(target)),
    ];
    try {
      while (!signal.aborted) {
        this.#review();
        await clock.sleep(REVIEW_MILLISECONDS, signal).catch(() => {});
      }
    } finally {
      forget.forEach((stop) => stop());
      this.#loops.forEach((loop) => loop.stop());
      await Promise.all([keepingUsers, ...[...this.#loops.values()].map(({ ended }) => ended)]);
    }
  }

  /** A loop for each shard in a map, and none for what is gone. */
  #follow(signal: AbortSignal): void {
    const { shardMaps, streams, logger } = this.#options;
    const wanted = new Map(
      shardMaps.list().flatMap((map) => {
        const cluster = keyOfMap(map);
        return map.spec.shards.map(({ number }) => [shardId(cluster, number), { cluster, number }] as const);
      }),
    );
    for (const [id, loop] of this.#loops) {
      if (!wanted.has(id)) {
        loop.stop();
        this.#loops.delete(id);
        this.#routings.delete(id);
      }
    }
    for (const [id, { cluster, number }] of wanted) {
      if (!this.#loops.has(id)) {
        const scope = new AbortController();
        const supervisor = new ShardSupervisor({
          ...this.#options,
          cluster,
          number,
          writer: this.#writer,
          viewOf: (uid) => streams.view(uid),
          stalls: streams.stalls,
          send: (pod, request, deadline, limit) => {
            const uid = this.#options.pods.get({ namespace: cluster.namespace, name: pod })?.metadata?.uid;
            return streams.command(uid ?? '', request, deadline, limit);
          },
          logger: logger.child({ cluster: formatKey(cluster), shard: number }),
          onNews: (news) => this.#hear(cluster, news),
        });
        const ended = supervisor.run(AbortSignal.any([scope.signal, signal]));
        this.#loops.set(id, { supervisor, ended, stop: () => scope.abort() });
      } else {
        this.#loops.get(id)?.supervisor.wake();
      }
    }
  }

  #wakeShardOf(namespace: string, pod: string): void {
    const object = this.#options.pods.get({ namespace, name: pod });
    if (object !== undefined) {
      this.#wake(object);
    }
  }

  #wake({ metadata }: V1Pod): void {
    const cluster = metadata?.labels?.[LABELS.cluster];
    const shard = metadata?.labels?.[LABELS.shard];
    if (metadata?.namespace !== undefined && cluster !== undefined && shard !== undefined) {
      const id = shardId({ namespace: metadata.namespace, name: cluster }, Number(shard));
      this.#loops.get(id)?.supervisor.wake();
    }
  }

  #isPrimary({ namespace, cluster, pod }: AgentTarget): boolean {
    const map = this.#writer.get({ namespace, name: cluster });
    return map?.spec.shards.some(({ primary }) => primary === pod) ?? false;
  }

  /** Decides where reads go, and tells of everything that changes a verdict. */
  #review(): void {
    const { shardMaps } = this.#options;
    const known = new Set<string>();
    for (const map of shardMaps.list()) {
      const cluster = keyOfMap(map);
      const parts = map.spec.shards.map((shard) => {
        this.#route(cluster, shard.number, shard.replicas);
        const members = [...(shard.primary === null ? [] : [shard.primary]), ...shard.replicas];
        members.forEach((pod) => this.#noteMember(cluster, pod, shard.ackers.includes(pod)));
        return [
          this.readTarget(cluster, shard.number),
          members.map((pod) => verdictOf(this.instance(cluster, pod))),
        ];
      });
      const id = formatKey(cluster);
      const verdict = JSON.stringify([parts, this.#users.problems(cluster)]);
      known.add(id);
      if (this.#verdicts.get(id) !== verdict) {
        this.#verdicts.set(id, verdict);
        this.#tell(cluster);
      }
    }
    this.#news.keepOnly(new Set(this.#options.pods.list().map(({ metadata }) => metadata?.uid ?? '')));
    for (const id of this.#verdicts.keys()) {
      if (!known.has(id)) {
        this.#verdicts.delete(id);
      }
    }
  }

  #route(cluster: ClusterKey, number: number, replicas: readonly string[]): void {
    const { clusters, pods, streams, clock } = this.#options;
    const spec = clusters.get(cluster)?.spec;
    if (spec === undefined) {
      return;
    }
    const now = clock.monotonic();
    const existing = replicas.flatMap((name) => pods.get({ namespace: cluster.namespace, name }) ?? []);
    const states = existing.map((pod) => ({
      isReady: isReady(pod),
      state: currentState(streams.view(pod.metadata?.uid ?? ''), now),
    }));
    const id = shardId(cluster, number);
    this.#routings.set(
      id,
      decideReadTarget(this.#routings.get(id) ?? NOT_ROUTED, {
        fallbackToPrimary: spec.readService.fallbackToPrimary,
        fitReplicas: states.filter(({ isReady: ready, state }) => ready && (state?.fitForReads ?? true))
          .length,
        isUncertain: states.some(({ state }) => state === null),
        now,
      }),
    );
  }

  #noteMember(cluster: ClusterKey, pod: string, wasAcker: boolean): void {
    const { pods, clusters, streams, recorder } = this.#options;
    const uid = pods.get({ namespace: cluster.namespace, name: pod })?.metadata?.uid ?? '';
    const state = streams.view(uid)?.frame?.state;
    const object = clusters.get(cluster);
    if (state === undefined || object === undefined) {
      return;
    }
    for (const { reason, note } of this.#news.hear(uid, state, wasAcker)) {
      recorder.event(object, { type: EVENT_REASONS[reason].type, reason, action: 'Return', note });
    }
  }

  #hear(cluster: ClusterKey, news: PromotionNews | SwitchoverNews | null): void {
    const object = this.#options.clusters.get(cluster);
    if (news !== null && object !== undefined) {
      const { kind: reason, note } = news;
      const { type } = EVENT_REASONS[reason];
      this.#options.recorder.event(object, { type, reason, action: 'Promote', note });
    }
    this.#tell(cluster);
  }

  #tell(cluster: ClusterKey): void {
    this.#handlers.forEach((handler) => handler(cluster));
  }
}

function keyOfMap({ metadata }: ShardMap): ClusterKey {
  return { namespace: metadata.namespace, name: metadata.name };
}

function shardId(cluster: ClusterKey, number: number): string {
  return `${formatKey(cluster)}/${number}`;
}

function isReady(pod: V1Pod): boolean {
  const isReported = pod.status?.conditions?.some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  );
  return isReported === true && !isBeingDeleted(pod);
}

/** The part of a report that is no figure. */
function verdictOf(report: InstanceReport | undefined) {
  return report === undefined
    ? null
    : {
        healthy: report.healthy,
        error: report.error,
        problems: report.problems.map(({ reason }) => reason),
        source: report.cloning?.source,
        commitsWait: report.commitsWait,
        isLagKnown: report.lagSeconds !== null,
      };
}
