import type { V1Pod } from '@kubernetes/client-node';
import type { ShardedCluster, ShardMap, ShardMapShard } from '../api/v1alpha1/index.ts';
import type { ClusterKey, ShardReport } from '../core/instance-report.ts';
import type { Position, PositionArithmetic } from '../engines/position.ts';
import type { ApiClient } from '../runtime/client/api-client.ts';
import { isApiError } from '../runtime/client/api-error.ts';
import type { Informer } from '../runtime/cache/informer.ts';
import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import type { AgentView } from './agent-client/agent-client.ts';
import { changeOf, withShard } from './change-shard-map.ts';
import { decideShardState, departedAckers, type ShardState, stateOf } from './decide-shard-state.ts';
import { FRESH_MILLISECONDS, observeShard, type ShardObservation } from './observe-shard.ts';

export interface ShardSupervisorOptions {
  readonly cluster: ClusterKey;
  readonly number: number;
  readonly client: ApiClient;
  readonly clusters: Informer<ShardedCluster>;
  readonly shardMaps: Informer<ShardMap>;
  readonly pods: Informer<V1Pod>;
  readonly viewOf: (podUid: string) => AgentView | undefined;
  readonly positions: PositionArithmetic;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onChanged: (state: ShardState, shard: ShardMapShard) => void;
}

/** Something happens at least so often, should a word be missed. */
const PASS_MILLISECONDS = 1000;
/** Pause after a write that failed. */
const RETRY_MILLISECONDS = 250;

/** From when a pod is seen gone until whatever the primary says was observed after that. */
const DEPARTURE_MILLISECONDS = 2 * FRESH_MILLISECONDS;

/** An acker that is gone. */
interface Departure {
  /** Monotonic milliseconds. */
  readonly seenAt: number;
  /** Where the primary was later. */
  readonly until?: Position;
}

/** The loop of one shard, on the leader: observe, decide, at most one write of the map. */
export class ShardSupervisor {
  readonly #options: ShardSupervisorOptions;
  readonly #departures = new Map<string, Departure>();
  #state: ShardState = { kind: 'initialising' };
  #wake: () => void = () => {};
  #woken = false;

  constructor(options: ShardSupervisorOptions) {
    this.#options = options;
  }

  /** The state last decided. */
  get state(): ShardState {
    return this.#state;
  }

  /** What is known of the shard as a whole. */
  get report(): ShardReport {
    return { state: this.#state.kind, blocked: null, switchover: null, lastPromotion: null };
  }

  /** Has the next pass made at once. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** Runs until the signal aborts, then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    while (!signal.aborted) {
      this.#woken = false;
      let pause = PASS_MILLISECONDS;
      try {
        await this.#pass(signal);
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        pause = RETRY_MILLISECONDS;
        if (!isApiError(error, 'Conflict')) {
          logger.warn('the map of a shard was not written', errorFields(error));
        }
        this.#woken = false;
      }
      await this.#sleep(pause, signal);
    }
  }

  async #pass(signal: AbortSignal): Promise<void> {
    const { cluster, clusters, shardMaps } = this.#options;
    const map = shardMaps.get(cluster);
    const object = clusters.get(cluster);
    if (map === undefined || object === undefined || object.spec.suspend) {
      return;
    }
    const state = this.#decide(map, object);
    this.#note(state);
    if (state !== undefined && this.#change(map, state) !== undefined) {
      await this.#act(object, state, signal);
    }
  }

  /** Decides again by the map as the API server has it now, and writes on condition that it stays so. */
  async #act(object: ShardedCluster, decided: ShardState, signal: AbortSignal): Promise<void> {
    const { cluster, client, shardMaps, logger, onChanged } = this.#options;
    const map = await client.get(shardMaps.type, cluster, signal);
    const state = map === undefined ? undefined : this.#decide(map, object);
    if (map === undefined || JSON.stringify(state) !== JSON.stringify(decided)) {
      return;
    }
    const changed = this.#change(map, decided);
    if (changed === undefined) {
      return;
    }
    await client.replace(shardMaps.type, { ...map, spec: withShard(map.spec, changed) }, {}, signal);
    logger.info('the map of a shard was changed', { because: decided });
    onChanged(decided, changed);
  }

  #change(map: ShardMap, state: ShardState): ShardMapShard | undefined {
    const shard = this.#shardOf(map);
    return shard === undefined ? undefined : changeOf(state, shard);
  }

  #decide(map: ShardMap, object: ShardedCluster): ShardState | undefined {
    const { positions, clock } = this.#options;
    const shard = this.#shardOf(map);
    if (shard === undefined) {
      return undefined;
    }
    const observation = observeShard(shard, object.spec.instances, {
      viewOf: (pod) => {
        const uid = this.#pod(pod)?.metadata?.uid;
        return uid === undefined ? undefined : this.#options.viewOf(uid);
      },
      podExists: (pod) => this.#pod(pod) !== undefined,
      now: clock.monotonic(),
    });
    this.#rememberDepartures(observation);
    const departures = [...this.#departures].flatMap(([pod, { until }]) =>
      until === undefined ? [] : [[pod, until] as const],
    );
    return decideShardState(observation, { positions, departures: new Map(departures) });
  }

  /** What a removed acker may have acknowledged lies before where the primary is after the removal. */
  #rememberDepartures(observation: ShardObservation): void {
    const { shard, members } = observation;
    const departed = new Set(departedAckers(observation).map(({ pod }) => pod));
    for (const pod of this.#departures.keys()) {
      if (!departed.has(pod)) {
        this.#departures.delete(pod);
      }
    }
    const primary = stateOf(members, shard.primary)?.member;
    const now = this.#options.clock.monotonic();
    for (const pod of departed) {
      const { seenAt, until } = this.#departures.get(pod) ?? { seenAt: now };
      const isLater = now - seenAt >= DEPARTURE_MILLISECONDS && primary?.role.kind === 'primary';
      this.#departures.set(pod, {
        seenAt,
        ...(isLater ? { until: until ?? primary.applied } : until && { until }),
      });
    }
  }

  #shardOf(map: ShardMap): ShardMapShard | undefined {
    return map.spec.shards.find(({ number }) => number === this.#options.number);
  }

  #pod(name: string): V1Pod | undefined {
    return this.#options.pods.get({ namespace: this.#options.cluster.namespace, name });
  }

  #note(state: ShardState | undefined): void {
    if (state !== undefined && JSON.stringify(state) !== JSON.stringify(this.#state)) {
      this.#options.logger.info('shard state', { state: state.kind, ...state });
      this.#state = state;
    }
  }

  async #sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.#woken || signal.aborted) {
      return;
    }
    await new Promise<void>((resolve) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = this.#options.clock.setTimer(milliseconds, end);
      signal.addEventListener('abort', end, { once: true });
      this.#wake = end;
    });
    this.#wake = () => {};
  }
}
