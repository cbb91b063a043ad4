import type {
  EventReason,
  ShardedCluster,
  ShardMap,
  ShardMapSpec,
  ShardRebalance,
} from '../api/v1alpha1/index.ts';
import type { ShardStateName } from '../core/instance-report.ts';
import type { MeasuredShard, MoveView } from '../core/move-view.ts';
import type { Informer } from '../runtime/cache/informer.ts';
import { isApiError } from '../runtime/client/api-error.ts';
import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import { isBeingDeleted } from '../runtime/objects.ts';
import type { ShardMapWriter } from '../supervisor/shard-map-writer.ts';
import {
  decideMapChange,
  isSameChange,
  type MapChange,
  type MapDecision,
  withChange,
} from './decide-map-change.ts';
import { isSwitching } from '../core/switching.ts';
import { describeChange } from './describe-change.ts';
import { HeardMembers, type HeardMembersOptions } from './heard-members.ts';
import { KeptLimits } from './kept-limits.ts';
import { MoveMemory } from './move-memory.ts';
import { MoveObserver } from './move-observer.ts';
import { limitsOf } from './move-wishes.ts';
import type { MoverMetrics } from './mover-metrics.ts';
import { type MoveHold, type MoveWish, troubleOf } from './observe-move.ts';
import { rebalanceOf } from './planned-moves.ts';
import { viewMove } from './view-move.ts';
import { Waker } from './waker.ts';

/** What the loop of one cluster works with. */
export interface ClusterMoverOptions extends HeardMembersOptions {
  readonly clusters: Pick<Informer<ShardedCluster>, 'get'>;
  /** Those of this cluster. */
  readonly rebalances: () => readonly ShardRebalance[];
  readonly writer: Pick<ShardMapWriter, 'get' | 'changeMap'>;
  /** Undefined while nobody supervises the shard here. */
  readonly stateOf: (shard: number) => ShardStateName | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MoverMetrics;
  /** Called with every change of the map that was made. */
  readonly tell: (reason: EventReason, note: string, rebalance: ShardRebalance | undefined) => void;
  /** Called when what is known of a move has changed by more than a figure. */
  readonly onNews: () => void;
}

/** Something is looked at so often, should a word be missed. */
const PASS_MILLISECONDS = 1000;
/** And so often while clients wait. */
const TENSE_PASS_MILLISECONDS = 20;
/** Clients wait from the first of these on until the second has reached everybody. */
const HURRIED: ReadonlySet<string> = new Set(['switch', 'return', 'flip', 'flipBack']);
/** Longer than that takes. */
const NEWS_MILLISECONDS = 200;
/** Pause after a write that failed. */
const RETRY_MILLISECONDS = 250;

/** The loop of one cluster, on the leader: observe its moves, decide, at most one write of the map. */
export class ClusterMover {
  readonly #options: ClusterMoverOptions;
  readonly #memory = new MoveMemory();
  readonly #limits = new KeptLimits();
  readonly #heard: HeardMembers;
  readonly #observer: MoveObserver;
  readonly #waker: Waker;
  /** What moves last said, without figures, by id. */
  #words = '';

  constructor(options: ClusterMoverOptions) {
    this.#options = options;
    this.#heard = new HeardMembers(options);
    this.#observer = new MoveObserver({ ...options, memory: this.#memory, heard: this.#heard });
    this.#waker = new Waker(options.clock);
  }

  /** Has the next pass made at once. */
  wake(): void {
    this.#waker.wake();
  }

  /** To be called with every word of an agent: those that moves wait for are acted upon at once. */
  hear(): void {
    const moves = this.#map?.spec.moves ?? [];
    if (moves.length === 0) {
      return;
    }
    const words = this.#heard.wordsOf(this.#map?.spec.shards ?? [], moves);
    if (words !== this.#words || moves.some(isSwitching)) {
      this.#words = words;
      this.wake();
    }
  }

  /** What is known of a move on the map; undefined where it is not there. */
  view(id: string): MoveView | undefined {
    const { clusters, cluster, clock } = this.#options;
    const map = this.#map;
    const move = map?.spec.moves?.find((each) => each.id === id);
    const known = this.#memory.get(id);
    const object = clusters.get(cluster);
    if (map === undefined || move === undefined || known === undefined || object === undefined) {
      return undefined;
    }
    const soakEndsAt = this.#observer.soakEndOf(move, object);
    return viewMove(move, known, {
      ...this.#heard.reportsOf(map.spec.shards, move),
      soakEndsAt: soakEndsAt === null ? null : Math.max(soakEndsAt, clock.now()),
    });
  }

  /** Every shard of the map, as its primary measured it. */
  shards(): readonly MeasuredShard[] {
    return (this.#map?.spec.shards ?? []).map((shard) => {
      const state = this.#heard.primaryOf(shard);
      const longest = state?.member?.longestTransactionSeconds;
      return {
        number: shard.number,
        trouble: troubleOf(shard, this.#options.stateOf(shard.number)),
        databases: state?.sizes ?? null,
        freeBytes: this.#heard.freeBytesOf(shard),
        longestTransactionSeconds: longest?.kind === 'known' ? longest.value : null,
      };
    });
  }

  /** Runs until the signal aborts, then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#waker.begin();
      await this.#waker.sleep(await this.#passSafely(signal), signal);
    }
  }

  get #map(): ShardMap | undefined {
    return this.#options.writer.get(this.#options.cluster);
  }

  async #passSafely(signal: AbortSignal): Promise<number> {
    try {
      return await this.#pass(signal);
    } catch (error) {
      if (!signal.aborted && !isApiError(error, 'Conflict')) {
        this.#options.logger.warn('a move was not written', errorFields(error));
      }
      this.#waker.begin();
      return RETRY_MILLISECONDS;
    }
  }

  /** One pass; returns how long to wait for the next, in milliseconds. */
  async #pass(signal: AbortSignal): Promise<number> {
    const { cluster, clusters, clock } = this.#options;
    const map = this.#map;
    const object = clusters.get(cluster);
    if (map === undefined || object === undefined || isBeingDeleted(object)) {
      return PASS_MILLISECONDS;
    }
    const moves = map.spec.moves ?? [];
    this.#memory.follow(moves, clock.monotonic());
    const { change, holds } = this.#decide(map.spec, object);
    this.#noteHolds(holds);
    if (change !== null) {
      await this.#make(change, signal);
    }
    return moves.some(isSwitching) ? TENSE_PASS_MILLISECONDS : PASS_MILLISECONDS;
  }

  /** Decides again by the map it is written upon. */
  async #make(change: MapChange, signal: AbortSignal): Promise<void> {
    const { cluster, clusters, writer, clock, logger } = this.#options;
    const written = await writer.changeMap(
      cluster,
      (map) => {
        const object = clusters.get(cluster);
        const now = object === undefined ? null : this.#decide(map.spec, object).change;
        return now !== null && isSameChange(now, change) ? withChange(map.spec, now) : undefined;
      },
      signal,
    );
    if (written !== undefined) {
      logger.info('moves of the map were changed', { change: describeChange(change).log });
      this.#noteWritten(change, written.spec, clock.monotonic());
      this.wake();
      this.#tellNews(change);
    }
  }

  /** Whoever hears of it writes to the API server, which clients wait for while a switch is under way: that has time until it is over. */
  #tellNews(change: MapChange): void {
    const { clock, onNews } = this.#options;
    if (change.kind === 'step' && HURRIED.has(change.action.kind)) {
      clock.setTimer(NEWS_MILLISECONDS, onNews);
    } else {
      onNews();
    }
  }

  #decide(map: ShardMapSpec, object: ShardedCluster): MapDecision {
    const { clock, positions } = this.#options;
    const moves = map.moves ?? [];
    const { begins, isPaused } = this.#observer.rebalanceNow(moves, object);
    const limits = limitsOf(object, isPaused);
    const unkept = this.#limits.hold(limits);
    const observed = this.#observer
      .movesNow(map, object)
      .map((observation) => ({ ...observation, wish: heldBy(unkept, observation.wish) }));
    const start = begins === undefined ? null : this.#observer.startNow(map, begins, object);
    const isDue =
      (moves.length > 0 || start !== null) && this.#limits.isDue(limits, map.moveLimits, clock.monotonic());
    return decideMapChange({ moves: observed, limits: isDue ? limits : null, start }, positions);
  }

  #noteHolds(holds: MapDecision['holds']): void {
    let isNews = false;
    for (const [id, hold] of holds) {
      const before = this.#memory.get(id)?.hold ?? null;
      if (before?.reason !== hold?.reason || before?.message !== hold?.message) {
        isNews = true;
        this.#memory.note(id, { hold });
      }
    }
    if (isNews) {
      this.#options.onNews();
    }
  }

  #noteWritten(change: MapChange, { moves = [], moveLimits: limits }: ShardMapSpec, now: number): void {
    const { clock, metrics, rebalances, tell } = this.#options;
    const before = change.kind === 'step' ? this.#memory.get(change.move.id) : undefined;
    this.#memory.follow(moves, now);
    if (change.kind === 'limits') {
      this.#limits.note(change.limits, limits, now);
    }
    if (change.kind !== 'step') {
      return;
    }
    const { move, action } = change;
    const switchedAt = before?.switchedAt ?? null;
    const pause = switchedAt === null ? null : Math.round(now - switchedAt);
    switch (action.kind) {
      case 'switch':
      case 'return':
        this.#memory.note(move.id, { switchedAt: now });
        break;
      case 'flip':
        this.#memory.note(move.id, { flippedAt: clock.now(), pauseMilliseconds: pause });
        metrics.flipped(pause);
        break;
      case 'flipBack':
        metrics.flipped(pause);
        break;
      case 'undoSwitch':
      case 'undoReturn':
        this.#memory.note(move.id, { obstacle: action.because, switchedAt: null });
        metrics.undone();
        break;
      case 'remove':
        metrics.ended(move.phase === 'Finishing' ? 'moved' : 'returned');
        break;
      default:
    }
    const { event } = describeChange(change, pause);
    if (event !== null) {
      tell(event.reason, event.note, rebalanceOf(move, rebalances()));
    }
  }
}

/** What only the operator's own trouble keeps from going on waits; what people want comes first. */
function heldBy(hold: MoveHold | null, wish: MoveWish): MoveWish {
  return hold !== null && wish.kind === 'proceed' ? { kind: 'hold', ...hold } : wish;
}
