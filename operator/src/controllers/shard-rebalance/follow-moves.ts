/** How far each move of a plan is, by the map and by what was recorded. Pure. */
import type { MoveUnit, RebalanceMove, ShardMapMove, ShardRebalance } from '../../api/v1alpha1/index.ts';
import type { MoveView } from '../../core/move-view.ts';
import type { NewMove } from '../../movers/move-edits.ts';
import { plannedMoves } from '../../movers/planned-moves.ts';
import { readWhereabouts, type Whereabouts } from '../../movers/whereabouts.ts';
import { timeOf } from './make-plan.ts';
import { type ClusterObservation, movesById } from './observe.ts';

/**
 * What became of a move that is not on the map.
 * - `pending`: what it moves is where the plan found it.
 * - `done`: it is where the plan wants it.
 * - `failed`: it was given up.
 * - `superseded`: it is somewhere else, by another rebalance.
 */
export type Whereabout = 'pending' | 'done' | 'failed' | 'superseded';

/** One move of a plan. */
export interface FollowedMove {
  readonly move: NewMove;
  /** Its entry on the map; null where it has none. */
  readonly onMap: ShardMapMove | null;
  readonly where: Whereabout;
  readonly view: MoveView | undefined;
  /** What was recorded of it. */
  readonly recorded: RebalanceMove | undefined;
  /** Why it was given up, where it was. */
  readonly error: string | null;
}

/** Every move of a plan, in its order. */
export function followMoves(
  rebalance: ShardRebalance,
  { map, viewOf }: Pick<ClusterObservation, 'map' | 'viewOf'>,
): readonly FollowedMove[] {
  const present = movesById(map);
  const whereabouts = readWhereabouts(map);
  const recorded = new Map((rebalance.status?.moves ?? []).map((move) => [move.id, move]));
  const planned = plannedMoves(rebalance);
  const isAwaited = ({ keyspace, slot }: NewMove): boolean =>
    planned.some(
      (other) =>
        other.keyspace === keyspace &&
        (other.split?.lower === slot || other.split?.upper === slot) &&
        other.split !== undefined &&
        whereIsSplit(other, whereabouts) === 'pending',
    );
  return planned.map((move) => {
    const onMap = present.get(move.id) ?? null;
    const view = onMap === null ? undefined : viewOf(move.id);
    const before = recorded.get(move.id);
    const error = errorOf(onMap, view, before);
    const where =
      move.split !== undefined
        ? whereIsSplit(move, whereabouts)
        : isAwaited(move)
          ? 'pending'
          : whereIs(move, whereabouts);
    return { move, onMap, view, recorded: before, error, where: error === null ? where : 'failed' };
  });
}

function whereIs(move: NewMove, whereabouts: Whereabouts): Whereabout {
  const owner = whereabouts.ownerOf(move);
  return owner === move.to ? 'done' : owner === move.from ? 'pending' : 'superseded';
}

/** A slot that is split ends; the parts may have gone on, or been split as well. */
function whereIsSplit(move: NewMove, whereabouts: Whereabouts): Whereabout {
  return whereabouts.ownerOf(move) === move.from ? 'pending' : 'done';
}

/** A move whose agent cannot go on by itself is given up before its cut-over, and stays so. */
function errorOf(
  onMap: ShardMapMove | null,
  view: MoveView | undefined,
  recorded: RebalanceMove | undefined,
): string | null {
  if (recorded?.phase === 'Failed') {
    return recorded.error ?? 'It was given up.';
  }
  return onMap?.phase === 'Copying' ? (view?.failure?.message ?? null) : null;
}

/** A move as the status lists it. Figures that nobody tells any more stay as they were recorded. */
export function listedMove({ move, onMap, view, recorded, error }: FollowedMove): RebalanceMove {
  const pause = view?.pauseMilliseconds ?? recorded?.pauseMilliseconds;
  const { soakEndsAt: toldEnd = null, stage = null, held = null } = view ?? {};
  const soakEndsAt = toldEnd === null ? recorded?.soakEndsAt : timeOf(toldEnd);
  const eta = view === undefined ? undefined : etaOf(view);
  return {
    ...unitOf(move),
    phase: error === null ? (onMap?.phase ?? 'Pending') : 'Failed',
    ...(stage === null ? {} : { stage }),
    attempt: onMap?.attempt ?? recorded?.attempt ?? 0,
    rowsDone: whole(view?.rowsDone ?? recorded?.rowsDone),
    ...known('rowsTotal', view?.rowsTotal ?? recorded?.rowsTotal),
    bytesDone: whole(view?.bytesDone ?? recorded?.bytesDone),
    ...known('bytesTotal', view?.bytesTotal ?? recorded?.bytesTotal),
    rowsPerSecond: whole(view?.rowsPerSecond),
    bytesPerSecond: whole(view?.bytesPerSecond),
    ...known('etaSeconds', eta),
    ...known('lagMilliseconds', view?.lagMilliseconds ?? undefined),
    ...known('pauseMilliseconds', pause),
    ...(soakEndsAt === undefined || onMap?.phase !== 'Soaking' ? {} : { soakEndsAt }),
    ...(held === null ? {} : { heldBecause: shortened(held.message) }),
    ...(error === null ? {} : { error: shortened(error) }),
  };
}

/** Longest sentence in a status, in characters. */
const MAX_SENTENCE = 1024;

/** A sentence that fits. */
export function shortened(message: string): string {
  return message.slice(0, MAX_SENTENCE);
}

/** A whole number that is no less than 0. */
export function whole(value: number | undefined): number {
  return Math.max(0, Math.round(value ?? 0));
}

/** A field where its value is known. */
export function known<Name extends string>(
  name: Name,
  value: number | null | undefined,
): Partial<Record<Name, number>> {
  return value === null || value === undefined || !Number.isFinite(value)
    ? {}
    : ({ [name]: whole(value) } as Partial<Record<Name, number>>);
}

function unitOf({ id, keyspace, unit, slot, from, to }: NewMove) {
  const named: { keyspace: string; unit: MoveUnit; slot?: number } = {
    keyspace,
    unit,
    ...(slot === undefined ? {} : { slot }),
  };
  return { id, ...named, from, to };
}

function etaOf({ bytesDone, bytesTotal, bytesPerSecond, stage }: MoveView): number | undefined {
  return stage !== 'Copying' || bytesTotal === null || bytesPerSecond <= 0
    ? undefined
    : Math.max(0, bytesTotal - bytesDone) / bytesPerSecond;
}
