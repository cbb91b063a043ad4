/** What becomes of moves, in words. Pure. */
import type { EventReason } from '../api/v1alpha1/index.ts';
import { assertNever } from '../core/assert-never.ts';
import type { MapChange } from './decide-map-change.ts';
import type { NewMove } from './move-edits.ts';

/** A change in words. */
export interface ChangeDescription {
  /** For the log. */
  readonly log: Readonly<Record<string, unknown>>;
  /** For those who follow a rebalance; null for steps that only prepare others. */
  readonly event: { readonly reason: EventReason; readonly note: string } | null;
}

/** Describes a change that was written; `pause`: how long clients waited, in milliseconds, where that is known. */
export function describeChange(change: MapChange, pause: number | null = null): ChangeDescription {
  if (change.kind === 'limits') {
    return { log: { limits: change.limits }, event: null };
  }
  const { move } = change;
  const log = {
    move: move.id,
    keyspace: move.keyspace,
    unit: move.unit,
    slot: move.slot,
    from: move.from,
    to: move.to,
  };
  return change.kind === 'start'
    ? { log: { ...log, step: 'start' }, event: null }
    : { log: { ...log, step: change.action.kind }, event: eventOf(change, pause) };
}

function eventOf(
  { move, action }: Extract<MapChange, { kind: 'step' }>,
  pause: number | null,
): ChangeDescription['event'] {
  const what = nameOf(move);
  const { split } = move;
  const waited = pause === null ? '' : ` Statements waited for ${pause} ms.`;
  switch (action.kind) {
    case 'flip':
      if (split !== undefined) {
        return {
          reason: 'SlotSplit',
          note: `${what} was split at ${JSON.stringify(split.at)} into slots ${split.lower} and ${split.upper}.${waited}`,
        };
      }
      return move.unit === 'Reference'
        ? {
            reason: 'SlotMoved',
            note: `${what} were copied from shard ${move.from} to shard ${move.to}.${waited}`,
          }
        : {
            reason: 'SlotMoved',
            note: `${what} moved from shard ${move.from} to shard ${move.to}.${waited}`,
          };
    case 'flipBack':
      return {
        reason: 'SlotReturned',
        note:
          split === undefined
            ? `${what} went back from shard ${move.to} to shard ${move.from}.${waited}`
            : `${what} is one again, in the place of slots ${split.lower} and ${split.upper}.${waited}`,
      };
    case 'undoSwitch':
    case 'undoReturn':
      return {
        reason: 'CutOverUndone',
        note: `${what} stayed where it was, and is tried again. ${action.because}`,
      };
    case 'undo':
      return {
        reason: 'MoveUndone',
        note:
          split === undefined
            ? `${what} stays on shard ${move.from}; what was copied to shard ${move.to} is removed.`
            : `${what} stays one; what was copied for its parts is removed.`,
      };
    case 'switch':
    case 'return':
    case 'finish':
    case 'remove':
      return null;
    default:
      return assertNever(action);
  }
}

/** What moves, for people. */
export function nameOf({ keyspace, unit, slot }: Pick<NewMove, 'keyspace' | 'unit' | 'slot'>): string {
  switch (unit) {
    case 'Slot':
      return `Slot ${slot ?? ''} of ${keyspace}`;
    case 'Unsharded':
      return `The unsharded tables of ${keyspace}`;
    case 'Reference':
      return `The reference tables of ${keyspace}`;
    default:
      return assertNever(unit);
  }
}
