/** Rows of several slots as one stream. */
import type { CompareRows, Fields } from './comparators.ts';
import type { RowCursor } from './row-cursor.ts';

/** A row on its way: valid until the next one is asked for. */
export interface StreamedRow {
  readonly payload: Buffer;
  readonly fields: Fields;
}

/** One slot's rows after another's. */
export async function* concatenateRows(
  cursors: readonly RowCursor[],
  signal: AbortSignal,
): AsyncGenerator<StreamedRow> {
  for (const cursor of cursors) {
    while (cursor.advance() || (await cursor.read(signal))) {
      yield cursor;
    }
  }
}

/** All rows in order, out of slots whose rows are: a heap of one row of each. */
export async function* mergeSortedRows(
  cursors: readonly RowCursor[],
  compare: CompareRows,
  signal: AbortSignal,
): AsyncGenerator<StreamedRow> {
  const started = await Promise.all(
    cursors.map(async (cursor) => ((await cursor.read(signal)) ? cursor : null)),
  );
  const heap = started.filter((cursor) => cursor !== null);
  for (let index = Math.floor(heap.length / 2) - 1; index >= 0; index -= 1) {
    sink(heap, index, compare);
  }
  for (let least = heap[0]; least !== undefined; least = heap[0]) {
    yield least;
    if (!least.advance() && !(await least.read(signal))) {
      const last = heap.pop();
      if (last !== undefined && heap.length > 0) {
        heap[0] = last;
      }
    }
    sink(heap, 0, compare);
  }
}

/** Moves an element of the heap down to where nothing below it is less. */
function sink(heap: RowCursor[], from: number, compare: CompareRows): void {
  const moved = heap[from];
  if (moved === undefined) {
    return;
  }
  let hole = from;
  for (;;) {
    const left = heap[2 * hole + 1];
    const right = heap[2 * hole + 2];
    if (left === undefined) {
      break;
    }
    const isRight = right !== undefined && compare(right.fields, left.fields) < 0;
    const least = isRight ? right : left;
    if (compare(moved.fields, least.fields) <= 0) {
      break;
    }
    heap[hole] = least;
    hole = 2 * hole + (isRight ? 2 : 1);
  }
  heap[hole] = moved;
}
