/** The one change of a map that moves need next. Pure. */
import type { MoveLimits, ShardMapMove, ShardMapSpec } from '../api/v1alpha1/index.ts';
import { assertNever } from '../core/assert-never.ts';
import type { PositionArithmetic } from '../engines/position.ts';
import { isSwitching } from '../core/switching.ts';
import { decideMove, type MoveAction } from './decide-move.ts';
import { withLimits, withMove, withoutMove, withStep, type NewMove } from './move-edits.ts';
import type { MoveHold, MoveObservation } from './observe-move.ts';

/** An action that is a write of the map. */
export type MoveWrite = Exclude<MoveAction, { kind: 'hold' | 'wait' }>;

/** A change of the map. */
export type MapChange =
  | { readonly kind: 'step'; readonly move: ShardMapMove; readonly action: MoveWrite }
  | { readonly kind: 'limits'; readonly limits: MoveLimits }
  | { readonly kind: 'start'; readonly move: NewMove };

/** What the change is decided from. */
export interface MapObservation {
  readonly moves: readonly MoveObservation[];
  /** Limits as they are to be; null where they are, or nobody needs any. */
  readonly limits: MoveLimits | null;
  /** The move that is to begin; null for none. */
  readonly start: NewMove | null;
}

/** What is to be done with a map, and what holds each of its moves. */
export interface MapDecision {
  readonly change: MapChange | null;
  /** By id of the move; null for one that goes on. */
  readonly holds: ReadonlyMap<string, MoveHold | null>;
}

/** Decides: clients that wait come first, then limits, since somebody may want less, then the others in order. */
export function decideMapChange(observation: MapObservation, positions: PositionArithmetic): MapDecision {
  const holds = new Map<string, MoveHold | null>();
  const writes: { readonly move: ShardMapMove; readonly action: MoveWrite }[] = [];
  for (const each of observation.moves) {
    const action = decideMove(each, positions);
    holds.set(
      each.move.id,
      action.kind === 'hold' ? { reason: action.reason, message: action.message } : null,
    );
    if (action.kind !== 'hold' && action.kind !== 'wait') {
      writes.push({ move: each.move, action });
    }
  }
  const urgent = writes.find(({ move }) => isSwitching(move));
  const [first] = writes;
  if (urgent !== undefined) {
    return { change: { kind: 'step', ...urgent }, holds };
  }
  if (observation.limits !== null) {
    return { change: { kind: 'limits', limits: observation.limits }, holds };
  }
  if (first !== undefined) {
    return { change: { kind: 'step', ...first }, holds };
  }
  return { change: observation.start === null ? null : { kind: 'start', move: observation.start }, holds };
}

/** The map with the change. */
export function withChange(map: ShardMapSpec, change: MapChange): ShardMapSpec {
  switch (change.kind) {
    case 'limits':
      return withLimits(map, change.limits);
    case 'start':
      return withMove(map, change.move);
    case 'step':
      return withAction(map, change.move.id, change.action);
    default:
      return assertNever(change);
  }
}

function withAction(map: ShardMapSpec, id: string, action: MoveWrite): ShardMapSpec {
  switch (action.kind) {
    case 'switch':
      return withStep(map, id, { phase: 'Switching' });
    case 'return':
      return withStep(map, id, { phase: 'Returning' });
    case 'flip':
      return withStep(map, id, { phase: 'Soaking', openedAt: action.openedAt });
    case 'undoSwitch':
    case 'undoReturn':
      return withStep(map, id, { phase: 'undone' });
    case 'flipBack':
    case 'undo':
      return withStep(map, id, { phase: 'Undoing' });
    case 'finish':
      return withStep(map, id, { phase: 'Finishing' });
    case 'remove':
      return withoutMove(map, id);
    default:
      return assertNever(action);
  }
}

/** Whether two changes are the same step of the same move: figures in them may differ. */
export function isSameChange(left: MapChange | null, right: MapChange): boolean {
  switch (right.kind) {
    case 'limits':
      return left?.kind === 'limits' && JSON.stringify(left.limits) === JSON.stringify(right.limits);
    case 'start':
      return left?.kind === 'start' && left.move.id === right.move.id;
    case 'step':
      return (
        left?.kind === 'step' &&
        left.move.id === right.move.id &&
        left.move.attempt === right.move.attempt &&
        left.action.kind === right.action.kind
      );
    default:
      return assertNever(right);
  }
}
