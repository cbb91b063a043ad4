import type { V1Pod } from '@kubernetes/client-node';
import {
  isInvalidRequest,
  promotionRequestOf,
  type ShardedCluster,
  type ShardMap,
  type ShardMapShard,
  switchoverRequestOf,
} from '../api/v1alpha1/index.ts';
import type { ClusterKey, ShardReport } from '../core/instance-report.ts';
import type { PositionArithmetic } from '../engines/position.ts';
import type { Informer } from '../runtime/cache/informer.ts';
import { isApiError } from '../runtime/client/api-error.ts';
import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import { isBeingDeleted } from '../runtime/objects.ts';
import type { SendCommand } from './act/fence-members.ts';
import { Promotion, type PromotionNews } from './act/promote.ts';
import { Restart } from './act/restart-primary.ts';
import { Switchover, type SwitchoverNews } from './act/switch-over.ts';
import type { AgentView } from './agent-client/agent-client.ts';
import type { StallMonitor } from './agent-client/stall-monitor.ts';
import { BlockedWatch } from './blocked-watch.ts';
import { changeOf } from './change-of-state.ts';
import { decideShardState, isTrouble, restsOnSilence, type ShardState } from './decide-shard-state.ts';
import { Departures } from './departures.ts';
import type { ElectionWishes } from './election-input.ts';
import { membersOf, observeMember, type ShardObservation } from './observe-shard.ts';
import { causeOf } from './promotion-cause.ts';
import { describeRefusal } from './refusal.ts';
import { ShardMemory } from './shard-memory.ts';
import type { ShardEdit, ShardMapWriter } from './shard-map-writer.ts';
import type { SupervisorMetrics } from './supervisor-metrics.ts';

export interface ShardSupervisorOptions {
  readonly cluster: ClusterKey;
  readonly number: number;
  readonly clusters: Informer<ShardedCluster>;
  readonly writer: Pick<ShardMapWriter, 'get' | 'change'>;
  readonly pods: Informer<V1Pod>;
  readonly viewOf: (podUid: string) => AgentView | undefined;
  /** Whether, and for how long, our own event loop was held up. */
  readonly stalls: Pick<StallMonitor, 'isStalled' | 'stalledMilliseconds'>;
  readonly send: SendCommand;
  readonly positions: PositionArithmetic;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: SupervisorMetrics;
  /** Called after a write of the map, and with every step of a promotion that somebody should hear of. */
  readonly onNews: (news: PromotionNews | SwitchoverNews | null) => void;
}

/** Something happens at least so often, should a word be missed. */
const PASS_MILLISECONDS = 1000;
/** And so often while the passing of time may decide. */
const TENSE_PASS_MILLISECONDS = 50;
/** So long does everything else wait for a promotion: most are over by then. */
const URGENT_MILLISECONDS = 2000;
/** Pause after a write that failed. */
const RETRY_MILLISECONDS = 250;

/** The loop of one shard, on the leader: observe, decide, at most one action. */
export class ShardSupervisor {
  readonly #options: ShardSupervisorOptions;
  readonly #memory: ShardMemory;
  readonly #departures: Departures;
  readonly #blocked = new BlockedWatch();
  readonly #promotion: Promotion;
  readonly #switchover: Switchover;
  readonly #restart: Restart;
  #state: ShardState = { kind: 'initialising' };
  #wake: () => void = () => {};
  #woken = false;
  /** The primary for whose replacement everything else waits, and until when; monotonic milliseconds. */
  #urgentFor: string | null = null;
  #urgentUntil = -Infinity;

  constructor(options: ShardSupervisorOptions) {
    const { clock, positions } = options;
    this.#options = options;
    this.#memory = new ShardMemory(clock.monotonic());
    this.#departures = new Departures(clock);
    const acting = {
      ...options,
      positions,
      change: (edit: ShardEdit, signal: AbortSignal) =>
        options.writer.change(options.cluster, options.number, edit, signal),
      wake: () => this.wake(),
    };
    this.#promotion = new Promotion(acting);
    this.#restart = new Restart(options);
    this.#switchover = new Switchover({ ...acting, promotion: this.#promotion });
  }

  /** The state last decided. */
  get state(): ShardState {
    return this.#state;
  }

  /** What is known of the shard as a whole. */
  get report(): ShardReport {
    const blocked = this.#blocked.problem;
    const isStuck = this.#state.kind === 'promoting' && blocked !== null;
    return {
      isUrgent: this.#options.clock.monotonic() < this.#urgentUntil,
      state: isStuck ? 'blocked' : this.#switchover.isUnderWay ? 'switchingOver' : this.#state.kind,
      blocked,
      switchover: this.#switchover.report,
      lastPromotion: this.#promotion.report,
    };
  }

  /** Has the next pass made at once. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** Runs until the signal aborts, then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        this.#woken = false;
        await this.#sleep(await this.#passSafely(signal), signal);
      }
    } finally {
      this.#switchover.close();
      this.#promotion.close();
      this.#options.metrics.blocked(this.#options.cluster, this.#options.number, false);
    }
  }

  async #passSafely(signal: AbortSignal): Promise<number> {
    try {
      return await this.#pass(signal);
    } catch (error) {
      if (!signal.aborted && !isApiError(error, 'Conflict')) {
        this.#options.logger.warn('the map of a shard was not written', errorFields(error));
      }
      this.#woken = false;
      return RETRY_MILLISECONDS;
    }
  }

  /** One pass; returns how long to wait for the next, in milliseconds. */
  async #pass(signal: AbortSignal): Promise<number> {
    const { cluster, clusters, writer, metrics, stalls } = this.#options;
    const map = writer.get(cluster);
    const object = clusters.get(cluster);
    if (map === undefined || object === undefined || object.spec.suspend || isBeingDeleted(object)) {
      return PASS_MILLISECONDS;
    }
    const observation = this.#observe(map, object);
    if (observation === undefined) {
      return PASS_MILLISECONDS;
    }
    const wishes = wishesOf(object, observation.shard);
    const state = this.#decide(observation, wishes);
    if (stalls.isStalled() && restsOnSilence(state)) {
      // What came meanwhile is read first.
      metrics.stalledLook();
      return TENSE_PASS_MILLISECONDS;
    }
    this.#note(state, observation.shard);
    this.#promotion.follow(observation);
    this.#switchover.follow(observation, object);
    this.#noteUrgency(state, observation);
    await this.#act(state, observation, object, signal);
    this.#noteUrgency(state, observation);
    return isTrouble(state) || state.kind === 'promoting' ? TENSE_PASS_MILLISECONDS : PASS_MILLISECONDS;
  }

  async #act(
    state: ShardState,
    observation: ShardObservation,
    object: ShardedCluster,
    signal: AbortSignal,
  ): Promise<void> {
    if (state.kind === 'promoting') {
      await this.#promotion.proceed(observation, wishesOf(object, observation.shard), signal);
    } else if (isTrouble(state)) {
      if (state.refusal === null) {
        await this.#promotion.begin(causeOf(state.kind, observation), observation, signal);
      } else if (state.refusal.kind !== 'quiet' && state.refusal.restart !== undefined) {
        this.#restart.proceed(observation, state.refusal.restart);
      }
    } else {
      await this.#change(state, signal);
      await this.#switchover.proceed(
        observation,
        switchoverRequestOf(object, observation.shard.number),
        signal,
      );
    }
  }

  /** Decides again by the map it is written upon. */
  async #change(decided: ShardState, signal: AbortSignal): Promise<void> {
    const { cluster, clusters, number, writer, logger, onNews } = this.#options;
    const changed = await writer.change(
      cluster,
      number,
      (shard, map) => {
        const object = clusters.get(cluster);
        const observation = object === undefined ? undefined : this.#observe(map, object);
        if (object === undefined || observation === undefined) {
          return undefined;
        }
        const state = this.#decide(observation, wishesOf(object, shard));
        return JSON.stringify(state) === JSON.stringify(decided) ? changeOf(state, shard) : undefined;
      },
      signal,
    );
    if (changed !== undefined) {
      logger.info('the map of a shard was changed', { because: decided });
      this.#woken = true;
      onNews(null);
    }
  }

  #decide(observation: ShardObservation, wishes: ElectionWishes): ShardState {
    const { positions } = this.#options;
    return decideShardState(observation, { positions, wishes, departures: this.#departures.positions });
  }

  #observe(map: ShardMap, { spec }: ShardedCluster): ShardObservation | undefined {
    const { number, clock, viewOf, stalls } = this.#options;
    const shard = map.spec.shards.find((each) => each.number === number);
    if (shard === undefined) {
      return undefined;
    }
    const now = clock.monotonic();
    const members = membersOf(shard).map((name) => {
      const pod = this.#pod(name);
      const view = pod?.metadata?.uid === undefined ? undefined : viewOf(pod.metadata.uid);
      return observeMember(name, pod, view, {
        ...this.#memory.hear(name, view, stalls.stalledMilliseconds()),
        now,
      });
    });
    const { promotedAt } = shard;
    const gathered = {
      shard,
      members,
      instances: spec.instances,
      failover: spec.failover,
      isHibernated: spec.hibernated,
      promotedMilliseconds: promotedAt === undefined ? null : clock.now() - Date.parse(promotedAt),
    };
    const observation = this.#memory.complete(gathered, now);
    this.#departures.note(observation);
    return observation;
  }

  #pod(name: string): V1Pod | undefined {
    return this.#options.pods.get({ namespace: this.#options.cluster.namespace, name });
  }

  #note(state: ShardState, shard: ShardMapShard): void {
    const { cluster, number, clock, metrics, onNews } = this.#options;
    const refusal = isTrouble(state) ? state.refusal : this.#promotion.refusal;
    const before = this.#blocked.problem;
    this.#blocked.note(refusal && describeRefusal(refusal, cluster, shard), clock.monotonic());
    if ((before === null) !== (this.#blocked.problem === null)) {
      metrics.blocked(cluster, number, before === null);
      onNews(null);
    }
    if (JSON.stringify(state) !== JSON.stringify(this.#state)) {
      this.#options.logger.info('shard state', { state: state.kind, ...state });
      this.#state = state;
    }
  }

  /** Begins with the trouble of a primary, or its closing, and ends when another takes writes. */
  #noteUrgency(state: ShardState, { shard, hasOpened }: ShardObservation): void {
    const isReplacing = isTrouble(state) || state.kind === 'promoting' || this.#switchover.isUnderWay;
    const primary = shard.primary ?? shard.formerPrimary ?? null;
    if (!isReplacing) {
      this.#urgentUntil = hasOpened ? -Infinity : this.#urgentUntil;
      this.#urgentFor = null;
    } else if (this.#urgentFor !== primary) {
      this.#urgentFor = primary;
      this.#urgentUntil = this.#options.clock.monotonic() + URGENT_MILLISECONDS;
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

/** Whom a person decided for, in the promotion that is next or under way. */
function wishesOf(object: ShardedCluster, { number, epoch, primary }: ShardMapShard): ElectionWishes {
  const request = promotionRequestOf(object, number);
  const isForNow =
    request !== null &&
    !isInvalidRequest(request) &&
    request.epoch === (primary === null ? epoch : epoch + 1);
  return { chosen: isForNow ? request.to : null, preferred: null };
}
