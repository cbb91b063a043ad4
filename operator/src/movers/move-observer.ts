import type { ShardedCluster, ShardMapMove, ShardMapSpec, ShardRebalance } from '../api/v1alpha1/index.ts';
import type { ShardStateName } from '../core/instance-report.ts';
import { windowState } from '../core/rebalance/maintenance-window.ts';
import { isSwitching } from '../core/switching.ts';
import type { Clock } from '../runtime/clock.ts';
import { hasAllUsers } from '../supervisor/users/carried-lists.ts';
import { decideStart } from './decide-start.ts';
import type { HeardMembers } from './heard-members.ts';
import type { MoveMemory } from './move-memory.ts';
import { holdOf, mayBegin, wishOf } from './move-wishes.ts';
import { type MoveObservation, observeSide, troubleOf } from './observe-move.ts';
import { plannedMoves, rebalanceOf } from './planned-moves.ts';
import { readWhereabouts } from './whereabouts.ts';

/** What is looked at. */
export interface MoveObserverOptions {
  /** Those of this cluster. */
  readonly rebalances: () => readonly ShardRebalance[];
  /** Undefined while nobody supervises the shard here. */
  readonly stateOf: (shard: number) => ShardStateName | undefined;
  readonly clock: Clock;
  readonly memory: Pick<MoveMemory, 'get'>;
  readonly heard: Pick<HeardMembers, 'reportsOf' | 'primaryOf' | 'hasApplied'>;
}

/** Which rebalance concerns the map now. */
export interface RebalanceNow {
  /** The one whose moves may begin. */
  readonly begins: ShardRebalance | undefined;
  /** Whether somebody, or a window that is closed, holds it. */
  readonly isPaused: boolean;
}

/** A router's figure of a replica's lag may be so old. */
const LAG_DOUBT_MILLISECONDS = 1000;

/** Puts together what is decided by: the moves of a cluster's map, as members, people and the clock have them now. */
export class MoveObserver {
  readonly #options: MoveObserverOptions;
  #planned: { readonly uid: string; readonly moves: ReturnType<typeof plannedMoves> } | null = null;

  constructor(options: MoveObserverOptions) {
    this.#options = options;
  }

  /** The rebalance that may begin moves, or whose moves these are. */
  rebalanceNow(moves: readonly ShardMapMove[], cluster: ShardedCluster): RebalanceNow {
    const { rebalances } = this.#options;
    const all = rebalances();
    const isWindowOpen = this.#isWindowOpen(cluster);
    const begins = all.find((rebalance) => mayBegin({ cluster, rebalance, isWindowOpen }));
    const concerned = begins ?? (moves[0] === undefined ? undefined : rebalanceOf(moves[0], all));
    return { begins, isPaused: holdOf({ cluster, rebalance: concerned, isWindowOpen }) !== null };
  }

  /** Every move on the map, with what people want of it. */
  movesNow(map: ShardMapSpec, cluster: ShardedCluster): readonly MoveObservation[] {
    const { rebalances } = this.#options;
    const all = rebalances();
    const isWindowOpen = this.#isWindowOpen(cluster);
    const moves = map.moves ?? [];
    return moves.map((move) => ({
      ...this.#observe(map, move, cluster),
      wish: wishOf(move, { cluster, rebalance: rebalanceOf(move, all), isWindowOpen }),
      isAnotherSwitching: moves.some((other) => other.id !== move.id && isSwitching(other)),
    }));
  }

  /** The move of a rebalance that can begin now; null where none can. */
  startNow(
    map: ShardMapSpec,
    rebalance: ShardRebalance,
    cluster: ShardedCluster,
  ): ReturnType<typeof decideStart> {
    const uid = rebalance.metadata.uid ?? '';
    if (this.#planned?.uid !== uid) {
      this.#planned = { uid, moves: plannedMoves(rebalance) };
    }
    const { stateOf, heard } = this.#options;
    const given = (rebalance.status?.moves ?? []).filter(({ phase }) => phase === 'Failed');
    return decideStart({
      map,
      whereabouts: readWhereabouts(map),
      planned: this.#planned.moves,
      excluded: new Set(given.map(({ id }) => id)),
      maxParallelMoves: cluster.spec.rebalance.maxParallelMoves,
      isUsable: (number) => {
        const shard = map.shards.find((each) => each.number === number);
        return shard !== undefined && troubleOf(shard, stateOf(number)) === null;
      },
      hasAllUsers: (number) => {
        const shard = map.shards.find((each) => each.number === number);
        return shard !== undefined && hasAllUsers(heard.primaryOf(shard)?.users);
      },
    });
  }

  /** By when we cut it over, by what the status says, or by when we first saw it; null before it is cut over. */
  soakEndOf({ id, phase }: ShardMapMove, { spec }: ShardedCluster): number | null {
    if (phase !== 'Soaking' && phase !== 'Returning') {
      return null;
    }
    const { clock, rebalances, memory } = this.#options;
    const known = memory.get(id);
    const soakMilliseconds = spec.rebalance.soakSeconds * 1000;
    const recorded = rebalanceOf({ id }, rebalances())?.status?.moves?.find((move) => move.id === id);
    const flippedAt = known?.flippedAt ?? null;
    if (flippedAt === null && recorded?.soakEndsAt !== undefined) {
      return Date.parse(recorded.soakEndsAt);
    }
    const sinceSeen = known === undefined ? 0 : clock.monotonic() - known.since;
    return (flippedAt ?? clock.now() - sinceSeen) + soakMilliseconds;
  }

  #isWindowOpen({ spec }: ShardedCluster): boolean {
    return windowState(spec.rebalance.windows, this.#options.clock.now()).isOpen;
  }

  #observe(map: ShardMapSpec, move: ShardMapMove, cluster: ShardedCluster) {
    const { clock, stateOf, memory, heard } = this.#options;
    const known = memory.get(move.id);
    const reports = heard.reportsOf(map.shards, move);
    const side = (end: 'from' | 'to') =>
      observeSide(
        map.shards.find((shard) => shard.number === move[end]),
        stateOf(move[end]),
        reports[end],
      );
    const soakEndsAt = this.soakEndOf(move, cluster);
    return {
      move,
      from: side('from'),
      to: side('to'),
      phaseMilliseconds: known === undefined ? 0 : clock.monotonic() - known.since,
      soakMilliseconds: Math.max(0, (soakEndsAt ?? 0) - clock.now()),
      obstacle: known?.obstacle ?? null,
      areReplicasCurrent: this.#areReplicasCurrent(map, move, cluster),
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
    const { clock, memory, heard } = this.#options;
    const since = memory.get(id)?.since ?? clock.monotonic();
    const patience = spec.readService.maxLagSeconds * 1000 + LAG_DOUBT_MILLISECONDS;
    if (openedAt === undefined || clock.monotonic() - since >= patience) {
      return true;
    }
    const replicas = shards.find(({ number }) => number === to)?.replicas ?? [];
    // Of a return nothing tells how far those of the first owner have to be.
    return phase !== 'Undoing' && replicas.every((pod) => heard.hasApplied(pod, openedAt));
  }
}
