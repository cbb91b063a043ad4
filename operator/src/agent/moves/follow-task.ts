import type { Position } from '../../engines/position.ts';
import type { Timer } from '../../runtime/clock.ts';
import { avoiding } from './avoid-source.ts';
import { databaseOfMove } from './move-database.ts';
import type { MoveError, MoveRecord } from './move-record.ts';
import { asMoveError, type MoveTaskContext } from './move-task-context.ts';
import { databasesOfPiece, type MovePiece } from './split-pieces.ts';

/** How often in a row changes may fail to be applied before a copy is made again. */
const MOST_STOPS = 5;

/** A replica may be behind for as long as it is followed, and what is behind is never switched. */
const SECOND_BEST_MILLISECONDS = 30_000;

/** Applies what changes at another shard, until the signal aborts; rejects with what ended it before. */
export async function follow(
  context: MoveTaskContext,
  source: number,
  moves: readonly MovePiece[],
  signal: AbortSignal,
): Promise<void> {
  const recorded = await context.slots.transfer.readProgress(signal);
  const databases = moves.map((move) => {
    const known = recorded.find(({ moveId }) => moveId === move.id)?.position;
    const after = known ?? (move.openedAt as Position | undefined);
    if (after === undefined) {
      context.record(move.id)?.forgetCopy();
      throw new Error(`it is not recorded how far the copy of ${databaseOfMove(move)} is`);
    }
    return { moveId: move.id, ...databasesOfPiece(move, databaseOfMove(move)), after };
  });
  databases.forEach(({ moveId, after }) => notePosition(context, moveId, after));
  const chosen = await context.chooseSource(source, 'changes', signal);
  const failed = new AbortController();
  const again = new AbortController();
  const tail = context.slots.transfer.follow(
    {
      databases,
      source: chosen.source,
      onPosition: (id, position) => notePosition(context, id, position),
      onLag: (milliseconds) => moves.forEach(({ id }) => noteLag(context, id, milliseconds)),
      onStopped: (id, error) => failed.abort(noteStopped(context, id, error)),
    },
    AbortSignal.any([signal, failed.signal, again.signal]),
  );
  context.setTail(source, tail);
  const timer = chosen.isBest ? null : beginAgainLater(context, moves, again);
  try {
    await avoiding(context, chosen, () => tail.ended);
  } catch (error) {
    if (again.signal.aborted) {
      return;
    }
    notePositionLost(context, moves, error);
    throw error;
  } finally {
    timer?.cancel();
    context.setTail(source, null);
    moves.forEach(({ id }) => noteLag(context, id, null));
  }
}

/** Ends a tail whose source is the second best, so that it begins anew with the best, unless clients wait for it. */
function beginAgainLater(
  context: MoveTaskContext,
  moves: readonly MovePiece[],
  again: AbortController,
): { readonly cancel: () => void } {
  let timer: Timer | null = null;
  const wait = (): void => {
    timer = context.clock.setTimer(SECOND_BEST_MILLISECONDS, () => {
      const phases = moves.map(({ id }) => context.record(id)?.move.phase);
      if (phases.includes('Switching') || phases.includes('Returning')) {
        wait();
      } else {
        again.abort(new Error('the primary may be reached again'));
      }
    });
  };
  wait();
  return { cancel: () => timer?.cancel() };
}

function notePosition(context: MoveTaskContext, id: string, position: Position): void {
  const record = context.record(id);
  if (record !== undefined && record.position !== position) {
    record.position = position;
    context.changed(id);
  }
}

function noteLag(context: MoveTaskContext, id: string, milliseconds: number | null): void {
  const record = context.record(id);
  if (record !== undefined) {
    record.lagMilliseconds = milliseconds;
    record.stops = milliseconds === null ? record.stops : 0;
    record.error = milliseconds === null ? record.error : null;
    context.changed(id);
  }
}

/** One database is followed no more; the stream begins anew with the others. Returns the reason. */
function noteStopped(context: MoveTaskContext, id: string, error: Error): Error {
  const record = context.record(id);
  if (record !== undefined) {
    record.stops += 1;
    record.error = asMoveError(error);
    if (record.error.code === 'DefinitionChanged' || record.stops >= MOST_STOPS) {
      giveUpCopy(record, record.error);
    }
    context.changed(id);
  }
  return error;
}

/** The log of one member may reach back further than that of another; each is asked before this one is again. */
function notePositionLost(context: MoveTaskContext, moves: readonly MovePiece[], error: unknown): void {
  const reason = asMoveError(error);
  for (const { id } of reason.code === 'PositionLost' ? moves : []) {
    const record = context.record(id);
    if (record !== undefined) {
      record.stops += 1;
      if (record.stops >= MOST_STOPS) {
        giveUpCopy(record, reason);
      }
    }
  }
}

/** What receives is copied again; a former owner's copy cannot be made again while it is needed as it is. */
function giveUpCopy(record: MoveRecord, reason: MoveError): void {
  const { phase } = record.move;
  if (phase === 'Copying' || phase === 'Switching') {
    record.forgetCopy();
  } else {
    record.spoilt = reason;
  }
}
