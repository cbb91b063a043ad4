import {
  API_GROUP_VERSION,
  ApiSchemaError,
  EVENT_REASONS,
  parseShardedCluster,
  parseShardRebalance,
  type ShardedCluster,
  type ShardMap,
  type ShardRebalance,
  type ShardRebalancePlan,
  type ShardRebalanceStatus,
} from '../../api/v1alpha1/index.ts';
import type { MoveViews } from '../../core/move-view.ts';
import { windowState } from '../../core/rebalance/maintenance-window.ts';
import type { Informer } from '../../runtime/cache/informer.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import { isApiError } from '../../runtime/client/api-error.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Reconciler, ReconcileResult } from '../../runtime/controller.ts';
import { done, requeueAfter } from '../../runtime/controller.ts';
import type { EventRecorder } from '../../runtime/events/recorder.ts';
import type { Logger } from '../../runtime/logger.ts';
import { formatKey, isBeingDeleted, type ObjectKey } from '../../runtime/objects.ts';
import { controllerReference } from '../../runtime/owners.ts';
import { isSwitching } from '../../core/switching.ts';
import { shardedClusters, shardRebalances } from '../sharded-cluster/resource-types.ts';
import { clusterLabels } from '../sharded-cluster/resources/labels.ts';
import { AutomaticSplits } from './automatic-splits.ts';
import { type Creation, decideCreation } from './decide-creation.ts';
import { decideOrphanStatus, decideStatus } from './decide-status.ts';
import { databasesByGiver } from './make-plan.ts';
import { type ClusterObservation, hasEnded, inOrderOfAge, type Inspection } from './observe.ts';
import { decideStatusWrite, figuresInterval } from './status-write.ts';
import { transitionEvents } from './transition-events.ts';

/** What the reconciler works with. */
export interface RebalanceReconcilerOptions {
  readonly client: ApiClient;
  readonly clusters: Pick<Informer<ShardedCluster>, 'get'>;
  readonly shardMaps: Pick<Informer<ShardMap>, 'get'>;
  readonly rebalances: Pick<Informer<ShardRebalance>, 'list'>;
  readonly views: MoveViews;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What nobody tells of is looked at so often while a rebalance waits: sizes, shards that are being made. Milliseconds. */
const WAIT_MILLISECONDS = 2000;
/** And so often while there is none: reports of agents come by no watch. */
const IDLE_MILLISECONDS = 30_000;
/**
 * So long after a switch was last seen under way, it has reached everybody: until it has, clients wait for the API server, which has
 * no time for what is only told.
 */
const SWITCHING_MILLISECONDS = 300;

/** Keeps the rebalances of a cluster, one pass at a time; every pass starts from what exists. Keys are those of clusters. */
export class RebalanceReconciler implements Reconciler {
  readonly #options: RebalanceReconcilerOptions;
  /** When each status was last written, on the monotonic clock. */
  readonly #written = new Map<string, number>();
  /** When one of its moves was last seen being switched, likewise. */
  readonly #switchedAt = new Map<string, number>();
  readonly #splits: AutomaticSplits;

  constructor(options: RebalanceReconcilerOptions) {
    this.#options = options;
    this.#splits = new AutomaticSplits({
      views: options.views,
      logger: options.logger,
      tell: (cluster, reason, note) =>
        options.recorder.event(cluster, {
          type: EVENT_REASONS[reason].type,
          reason,
          action: 'Rebalance',
          note,
        }),
    });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<ReconcileResult> {
    if (this.#options.clusters.get(key) === undefined) {
      await this.#tellOrphans(key, signal);
      return done;
    }
    const observation = this.#observe(key);
    if (observation === undefined) {
      return done;
    }
    const creation = decideCreation(observation) ?? (await this.#splits.find(observation, signal));
    if (creation !== null) {
      return this.#create(observation, creation, signal);
    }
    const open = observation.rebalances.filter((rebalance) => !hasEnded(rebalance));
    const waits: number[] = [];
    for (const rebalance of open) {
      waits.push(await this.#report(observation, rebalance, signal));
    }
    if (open.length > 0) {
      return requeueAfter(Math.min(...waits), 'figures, sizes or soak times are due');
    }
    return requeueAfter(IDLE_MILLISECONDS, 'shards that are made are reported by agents only');
  }

  #observe(key: ObjectKey): ClusterObservation | undefined {
    const { clusters, shardMaps, views, clock } = this.#options;
    const stored = clusters.get(key);
    const map = shardMaps.get(key)?.spec;
    if (stored === undefined || map === undefined || isBeingDeleted(stored)) {
      return undefined;
    }
    const cluster = parsed(parseShardedCluster, stored);
    if (cluster === undefined) {
      // The cluster's own controller says what is wrong with it.
      return undefined;
    }
    const { namespace, name } = cluster.metadata;
    return {
      cluster,
      map,
      rebalances: inOrderOfAge(this.#rebalancesOf(key)),
      shards: views.shards({ namespace, name }),
      viewOf: (id) => views.move({ namespace, name }, id),
      isWindowOpen: windowState(cluster.spec.rebalance.windows, clock.now()).isOpen,
      now: clock.now(),
    };
  }

  #rebalancesOf({ namespace, name }: ObjectKey): ShardRebalance[] {
    return this.#options.rebalances
      .list(namespace)
      .filter(({ spec }) => spec.clusterName === name)
      .flatMap((rebalance) => parsed(parseShardRebalance, rebalance) ?? []);
  }

  /** Those of a cluster that is not there say so, once. */
  async #tellOrphans(key: ObjectKey, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#options;
    for (const rebalance of this.#rebalancesOf(key)) {
      const status = decideOrphanStatus(rebalance, clock.now());
      if (status !== undefined && status.message !== rebalance.status?.message) {
        await client.replace(shardRebalances, { ...rebalance, status }, { subresource: 'status' }, signal);
      }
    }
  }

  async #create(
    { cluster }: ClusterObservation,
    creation: Creation,
    signal: AbortSignal,
  ): Promise<ReconcileResult> {
    const { name, spec } = creation;
    const { client, logger } = this.#options;
    const { namespace } = cluster.metadata;
    const owner = controllerReference(shardedClusters, cluster);
    const labels = clusterLabels(cluster.metadata.name);
    const object = parseShardRebalance({
      apiVersion: API_GROUP_VERSION,
      kind: shardRebalances.kind,
      metadata: { name, namespace, labels, ownerReferences: [owner] },
      spec,
    });
    try {
      await client.create(shardRebalances, object, signal);
      logger.info('a rebalance was made', {
        cluster: formatKey({ namespace, name: cluster.metadata.name }),
        name,
      });
      this.#splits.noteCreated(cluster, creation);
    } catch (error) {
      // Somebody was faster, and the cache has yet to tell.
      if (!isApiError(error, 'AlreadyExists')) {
        throw error;
      }
    }
    return requeueAfter(WAIT_MILLISECONDS, 'the rebalance that was made is to be planned');
  }

  /** Writes one status where that is worth it; returns when to look again, in milliseconds. */
  async #report(
    observation: ClusterObservation,
    rebalance: ShardRebalance,
    signal: AbortSignal,
  ): Promise<number> {
    const { client, clock } = this.#options;
    const next = await this.#decide(observation, rebalance, signal);
    if (next === undefined) {
      return WAIT_MILLISECONDS;
    }
    const id = rebalance.metadata.uid ?? '';
    const last = this.#written.get(id);
    const decision = decideStatusWrite(
      rebalance.status,
      next,
      last === undefined ? undefined : clock.monotonic() - last,
    );
    if (decision.kind === 'later') {
      return decision.milliseconds;
    }
    if ((observation.map.moves ?? []).some(isSwitching)) {
      this.#switchedAt.set(id, clock.monotonic());
    }
    const sinceSwitch = clock.monotonic() - (this.#switchedAt.get(id) ?? -Infinity);
    if (decision.kind === 'write' && sinceSwitch < SWITCHING_MILLISECONDS) {
      return SWITCHING_MILLISECONDS - sinceSwitch;
    }
    if (decision.kind === 'write') {
      await client.replace(
        shardRebalances,
        { ...rebalance, status: next },
        { subresource: 'status' },
        signal,
      );
      this.#written.set(id, clock.monotonic());
      this.#tell(observation.cluster, rebalance, next);
    }
    return next.plan === undefined ? WAIT_MILLISECONDS : figuresInterval(next);
  }

  /** A plan that is new tells what would be in the way of it, and is made once more with that. */
  async #decide(
    observation: ClusterObservation,
    rebalance: ShardRebalance,
    signal: AbortSignal,
  ): Promise<ShardRebalanceStatus | undefined> {
    const next = decideStatus(rebalance, observation);
    if (next?.plan === undefined || rebalance.status?.plan !== undefined) {
      return next;
    }
    const inspection = await this.#inspect(observation.cluster, next.plan, signal);
    return decideStatus(rebalance, { ...observation, inspection });
  }

  async #inspect(
    { metadata: { namespace, name } }: ShardedCluster,
    plan: ShardRebalancePlan,
    signal: AbortSignal,
  ): Promise<Inspection> {
    const { views } = this.#options;
    const silent: string[] = [];
    const found = await Promise.all(
      [...databasesByGiver(plan)].map(async ([shard, databases]) => {
        try {
          return await views.inspect({ namespace, name }, shard, databases, signal);
        } catch (error) {
          signal.throwIfAborted();
          silent.push(`shard ${shard}: ${error instanceof Error ? error.message : String(error)}`);
          return [];
        }
      }),
    );
    return { obstacles: found.flat(), silent: silent.toSorted() };
  }

  #tell(cluster: ShardedCluster, rebalance: ShardRebalance, next: ShardRebalanceStatus): void {
    for (const { reason, note, isOfCluster } of transitionEvents(rebalance.status, next)) {
      const event = { type: EVENT_REASONS[reason].type, reason, action: 'Rebalance', note };
      this.#options.recorder.event(rebalance, event);
      if (isOfCluster) {
        this.#options.recorder.event(cluster, { ...event, note: `${rebalance.metadata.name}: ${note}` });
      }
    }
  }
}

/** An object as it is meant; undefined for one that does not fit its schema. */
function parsed<T>(parse: (object: unknown) => T, object: unknown): T | undefined {
  try {
    return parse(object);
  } catch (error) {
    if (error instanceof ApiSchemaError) {
      return undefined;
    }
    throw error;
  }
}
