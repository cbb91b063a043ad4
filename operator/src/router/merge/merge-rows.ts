/** Merging the answers of several slots by a plan. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { ColumnDefinition } from '../wire/column-definition.ts';
import { Comparators } from './comparators.ts';
import { MergeBudget } from './merge-budget.ts';
import { MergeError } from './merge-error.ts';
import { mergeGroups } from './merge-groups.ts';
import type { MergeCaps, MergedRows, RowSource } from './merge-input.ts';
import type { MergePlan } from './merge-plan.ts';
import { RowCursor, visiblePart } from './row-cursor.ts';
import { areSentAlike } from './value-types.ts';
import { concatenateRows, mergeSortedRows, type StreamedRow } from './row-streams.ts';

/** What a merge needs. */
export interface MergeOptions {
  readonly plan: MergePlan;
  /** At least one; all of them have answered with columns. */
  readonly sources: readonly RowSource[];
  readonly caps: MergeCaps;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Rows handed on at once, at most, where each is looked at. */
const BATCH_ROWS = 256;

/**
 * Merges answers. Sources are read no faster than the result is: memory is a batch of each, and what groups and distinct rows
 * take. When the result ends, or its reader stops, sources may not be at their end: who made them ends them.
 * @throws MergeError when the columns of the slots differ
 */
export function mergeRows(options: MergeOptions): MergedRows {
  const { plan, sources } = options;
  const columns = commonColumns(sources);
  return {
    columns: columns.slice(0, columns.length - plan.hidden),
    batches: withinTime(options, (signal) => mergedBatches(options, columns, signal)),
  };
}

function commonColumns(sources: readonly RowSource[]): readonly ColumnDefinition[] {
  const [first, ...others] = sources.map(({ columns }) => columns);
  if (first === undefined) {
    throw new RangeError('there is nothing to merge');
  }
  for (const other of others) {
    if (
      other.length !== first.length ||
      other.some((column, index) => !areSentAlike(column.type, first[index]?.type ?? -1))
    ) {
      throw new MergeError(
        'Mismatch',
        'Slots answer with different columns: a definition of the table is under way; try again when it has ended',
      );
    }
  }
  return first;
}

/** Ends what takes too long, also where a source keeps silent. */
async function* withinTime(
  { caps, clock, signal }: MergeOptions,
  start: (signal: AbortSignal) => AsyncIterable<readonly Buffer[]>,
): AsyncGenerator<readonly Buffer[]> {
  const end = new AbortController();
  const onAbort = (): void => end.abort(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = clock.setTimer(caps.milliseconds, () =>
    end.abort(
      new MergeError(
        'TooLong',
        `Reading several slots took longer than ${caps.milliseconds / 1000} s: narrow the statement, or give the key`,
      ),
    ),
  );
  try {
    for await (const batch of start(end.signal)) {
      end.signal.throwIfAborted();
      yield batch;
    }
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
  }
}

async function* mergedBatches(
  { plan, sources, caps }: MergeOptions,
  columns: readonly ColumnDefinition[],
  signal: AbortSignal,
): AsyncGenerator<readonly Buffer[]> {
  if (plan.limit === 0) {
    return;
  }
  const budget = new MergeBudget(caps);
  const comparators = new Comparators(columns, plan.hidden);
  const { rows } = plan;
  const cursors = sources.map((source) => new RowCursor(source, (count) => budget.countRows(count)));
  switch (rows.kind) {
    case 'concatenate':
      if (plan.hidden === 0) {
        yield* inWindow(plan, wholeBatches(sources, budget, signal));
      } else {
        yield* inWindow(plan, batchesOf(concatenateRows(cursors, signal), plan.hidden));
      }
      return;
    case 'order':
      yield* inWindow(
        plan,
        batchesOf(mergeSortedRows(cursors, comparators.order(rows.by), signal), plan.hidden),
      );
      return;
    case 'distinct': {
      const stream =
        rows.by.length === 0
          ? concatenateRows(cursors, signal)
          : mergeSortedRows(cursors, comparators.order(rows.by), signal);
      const once = distinctRows(stream, comparators.keys(rows.values), budget);
      yield* inWindow(plan, batchesOf(once, plan.hidden));
      return;
    }
    case 'group': {
      const groups = await mergeGroups(rows, concatenateRows(cursors, signal), comparators, budget);
      const end = plan.limit === null ? groups.length : plan.offset + plan.limit;
      for (let first = plan.offset; first < Math.min(end, groups.length); first += BATCH_ROWS) {
        yield groups.slice(first, Math.min(first + BATCH_ROWS, end));
      }
      return;
    }
    default:
      assertNever(rows);
  }
}

/** Rows as they came, undecoded. */
async function* wholeBatches(
  sources: readonly RowSource[],
  budget: MergeBudget,
  signal: AbortSignal,
): AsyncGenerator<readonly Buffer[]> {
  for (const source of sources) {
    for (let batch = await source.read(signal); batch !== null; batch = await source.read(signal)) {
      budget.countRows(batch.length);
      yield batch;
    }
  }
}

async function* batchesOf(
  rows: AsyncIterable<StreamedRow>,
  hidden: number,
): AsyncGenerator<readonly Buffer[]> {
  let batch: Buffer[] = [];
  for await (const { payload, fields } of rows) {
    batch.push(visiblePart(payload, fields, hidden));
    if (batch.length === BATCH_ROWS) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) {
    yield batch;
  }
}

async function* distinctRows(
  rows: AsyncIterable<StreamedRow>,
  keyOf: (fields: StreamedRow['fields']) => string,
  budget: MergeBudget,
): AsyncGenerator<StreamedRow> {
  const seen = new Set<string>();
  for await (const row of rows) {
    const key = keyOf(row.fields);
    if (!seen.has(key)) {
      budget.keepBytes(key.length * 2);
      seen.add(key);
      yield row;
    }
  }
}

/** LIMIT and OFFSET; stops reading once it has enough. */
async function* inWindow(
  { offset, limit }: MergePlan,
  batches: AsyncIterable<readonly Buffer[]>,
): AsyncGenerator<readonly Buffer[]> {
  let skip = offset;
  let left = limit ?? Number.POSITIVE_INFINITY;
  for await (const batch of batches) {
    const from = Math.min(skip, batch.length);
    skip -= from;
    const part = batch.slice(from, from + Math.min(left, batch.length));
    left -= part.length;
    if (part.length > 0) {
      yield part;
    }
    if (left <= 0) {
      return;
    }
  }
}
