import type {
  EventReason,
  ShardedCluster,
  ShardMap,
  ShardMapMove,
  ShardMapSpec,
  ShardRebalance,
} from '../api/v1alpha1/index.ts';
import type { ShardStateName } from '../core/instance-report.ts';
import type { MeasuredShard, MoveView } from '../core/move-view.ts';
import { windowState } from '../core/rebalance/maintenance-window.ts';
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
import { decideStart } from './decide-start.ts';
import { describeChange } from './describe-change.ts';
import { HeardMembers, type HeardMembersOptions } from './heard-members.ts';
import { KeptLimits } from './kept-limits.ts';
import { MoveMemory } from './move-memory.ts';
import { holdOf, limitsOf, mayBegin, wishOf } from './move-wishes.ts';
import type { MoverMetrics } from './mover-metrics.ts';
import { hasAllUsers } from '../supervisor/users/carried-lists.ts';
import {
  type MoveHold,
  type MoveObservation,
  type MoveWish,
  observeSide,
  troubleOf,
} from './observe-move.ts';
import { plannedMoves, rebalanceOf } from './planned-moves.ts';
import { viewMove } from './view-move.ts';
import { Waker } from './waker.ts';
import { readWhereabouts } from './whereabouts.ts';

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
/** A router's figure of a replica's lag may be so old. */
const LAG_DOUBT_MILLISECONDS = 1000;
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
  readonly #waker: Waker;
  /** What moves last said, without figures, by id. */
  #words = '';
  #planned: { readonly uid: string; readonly moves: ReturnType<typeof plannedMoves> } | null = null;

  constructor(options: ClusterMoverOptions) {
    this.#options = options;
    this.#heard = new HeardMembers(options);
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
    const soakEndsAt = this.#soakEndOf(move, object);
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
    const { clock, rebalances, positions } = this.#options;
    const all = rebalances();
    const moves = map.moves ?? [];
    const { isOpen } = windowState(object.spec.rebalance.windows, clock.now());
    const begins = all.find((rebalance) => mayBegin({ cluster: object, rebalance, isWindowOpen: isOpen }));
    const concerned = begins ?? (moves[0] === undefined ? undefined : rebalanceOf(moves[0], all));
    const isPaused = holdOf({ cluster: object, rebalance: concerned, isWindowOpen: isOpen }) !== null;
    const limits = limitsOf(object, isPaused);
    const unkept = this.#limits.hold(limits);
    const observed = moves.map((move): MoveObservation => {
      const rebalance = rebalanceOf(move, all);
      return {
        ...this.#observe(map, move, object),
        wish: heldBy(unkept, wishOf(move, { cluster: object, rebalance, isWindowOpen: isOpen })),
        isAnotherSwitching: moves.some((other) => other.id !== move.id && isSwitching(other)),
      };
    });
    const start = begins === undefined ? null : this.#decideStart(map, begins, object);
    const isDue =
      (moves.length > 0 || start !== null) && this.#limits.isDue(limits, map.moveLimits, clock.monotonic());
    return decideMapChange({ moves: observed, limits: isDue ? limits : null, start }, positions);
  }

  #decideStart(map: ShardMapSpec, rebalance: ShardRebalance, object: ShardedCluster) {
    const uid = rebalance.metadata.uid ?? '';
    if (this.#planned?.uid !== uid) {
      this.#planned = { uid, moves: plannedMoves(rebalance) };
    }
    const given = (rebalance.status?.moves ?? []).filter(({ phase }) => phase === 'Failed');
    return decideStart({
      map,
      whereabouts: readWhereabouts(map),
      planned: this.#planned.moves,
      excluded: new Set(given.map(({ id }) => id)),
      maxParallelMoves: object.spec.rebalance.maxParallelMoves,
      isUsable: (number) => {
        const shard = map.shards.find((each) => each.number === number);
        return shard !== undefined && troubleOf(shard, this.#options.stateOf(number)) === null;
      },
      hasAllUsers: (number) => {
        const shard = map.shards.find((each) => each.number === number);
        return shard !== undefined && hasAllUsers(this.#heard.primaryOf(shard)?.users);
      },
    });
  }

  #observe(map: ShardMapSpec, move: ShardMapMove, object: ShardedCluster) {
    const { clock, stateOf } = this.#options;
    const known = this.#memory.get(move.id);
    const reports = this.#heard.reportsOf(map.shards, move);
    const side = (end: 'from' | 'to') =>
      observeSide(
        map.shards.find((shard) => shard.number === move[end]),
        stateOf(move[end]),
        reports[end],
      );
    const soakEndsAt = this.#soakEndOf(move, object);
    return {
      move,
      from: side('from'),
      to: side('to'),
      phaseMilliseconds: known === undefined ? 0 : clock.monotonic() - known.since,
      soakMilliseconds: Math.max(0, (soakEndsAt ?? 0) - clock.now()),
      obstacle: known?.obstacle ?? null,
      areReplicasCurrent: this.#areReplicasCurrent(map, move, object),
    };
  }

  /**
   * Once a move has left the map, nobody tells routers any more how far a replica has to be for what came with it. Those that
   * serve reads are no further behind than the spec allows, so that time tells as well.
   */
  #areReplicasCurrent(
    { shards }: ShardMapSpec,
    { id, to, phase, openedAt }: ShardMapMove,
    { spec }: ShardedCluster,
  ): boolean {
    const { clock } = this.#options;
    const since = this.#memory.get(id)?.since ?? clock.monotonic();
    const patience = spec.readService.maxLagSeconds * 1000 + LAG_DOUBT_MILLISECONDS;
    if (openedAt === undefined || clock.monotonic() - since >= patience) {
      return true;
    }
    const replicas = shards.find(({ number }) => number === to)?.replicas ?? [];
    // Of a return nothing tells how far those of the first owner have to be.
    return phase !== 'Undoing' && replicas.every((pod) => this.#heard.hasApplied(pod, openedAt));
  }

  /** By when we cut it over, by what the status says, or by when we first saw it; null before it is cut over. */
  #soakEndOf({ id, phase }: ShardMapMove, object: ShardedCluster): number | null {
    if (phase !== 'Soaking' && phase !== 'Returning') {
      return null;
    }
    const { clock, rebalances } = this.#options;
    const known = this.#memory.get(id);
    const soakMilliseconds = object.spec.rebalance.soakSeconds * 1000;
    const recorded = rebalanceOf({ id }, rebalances())?.status?.moves?.find((move) => move.id === id);
    const flippedAt = known?.flippedAt ?? null;
    if (flippedAt === null && recorded?.soakEndsAt !== undefined) {
      return Date.parse(recorded.soakEndsAt);
    }
    const sinceSeen = known === undefined ? 0 : clock.monotonic() - known.since;
    return (flippedAt ?? clock.now() - sinceSeen) + soakMilliseconds;
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
