/** Reading all rows of a database at another shard: to take them over, or to compare them. */
import type { TransferThrottle } from '../../engines/slot-transfer.ts';
import { avoiding } from './avoid-source.ts';
import { databaseOfMove } from './move-database.ts';
import { databasesOfPiece, type MovePiece } from './split-pieces.ts';
import type { MoveTaskContext } from './move-task-context.ts';

/** Reads at once where the map names no limit. */
const DEFAULT_BATCH_ROWS = 1000;

/**
 * Takes a database over. What is here is dropped first: by a map of before, that could be what users now write to, so that the
 * map is read anew.
 */
export async function copy(context: MoveTaskContext, move: MovePiece, signal: AbortSignal): Promise<void> {
  const record = context.record(move.id);
  if (record === undefined || !(await context.confirm(move, signal))) {
    return;
  }
  const chosen = await context.chooseSource(move.from, 'rows', signal);
  record.beginCopy();
  const result = await avoiding(context, chosen, () =>
    context.slots.transfer.copy(
      {
        moveId: move.id,
        ...databasesOfPiece(move, databaseOfMove(move)),
        source: chosen.source,
        throttle: throttle(context, move.from, chosen.pod),
        onProgress(progress) {
          record.noteProgress(progress);
          context.changed(move.id);
        },
      },
      signal,
    ),
  );
  record.hasCopy = true;
  record.position = result.position;
  record.held = null;
  context.logger.info('a database was copied', {
    move: move.id,
    tables: result.tables,
    rows: result.rows,
    bytes: result.bytes,
  });
}

/** Compares a database with its source; needs the tail that follows it. */
export async function verify(context: MoveTaskContext, move: MovePiece, signal: AbortSignal): Promise<void> {
  const record = context.record(move.id);
  const tail = context.tailOf(move.id);
  if (record === undefined || tail === null) {
    return;
  }
  const chosen = await context.chooseSource(move.from, 'rows', signal);
  const verdict = await avoiding(context, chosen, () =>
    context.slots.transfer.verify(
      {
        moveId: move.id,
        ...databasesOfPiece(move, databaseOfMove(move)),
        source: chosen.source,
        tail,
        throttle: throttle(context, move.from, chosen.pod),
        onProgress({ paused }) {
          record.held = paused;
          context.changed(move.id);
        },
      },
      signal,
    ),
  );
  record.held = null;
  if (verdict.isEqual) {
    const { position, tables, rows } = verdict;
    record.verified = { position, tables, rows };
    context.logger.info('a copy was verified', { move: move.id, tables, rows });
  } else {
    const details = verdict.differences.map(({ message }) => message).join('; ');
    const message = `The copy differs from its source: ${details}`;
    record.spoilt = { code: 'VerificationFailed', message };
    context.logger.error('a copy differs from its source', { move: move.id, details });
  }
}

function throttle(context: MoveTaskContext, shard: number, pod: string): TransferThrottle {
  return {
    limits() {
      const limits = context.limits();
      return limits === null
        ? { batchRows: DEFAULT_BATCH_ROWS }
        : {
            batchRows: limits.batchRows,
            rowsPerSecond: limits.rowsPerSecond,
            bytesPerSecond: limits.bytesPerSecond,
          };
    },
    shouldPause: () => context.hold(shard, pod),
  };
}
