/** Merging the answers of several slots by a plan. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { ColumnDefinition } from '../../wire/column-definition.ts';
import { Comparators, type KeyOfRow } from './comparators.ts';
import { MergeBudget } from './merge-budget.ts';
import { checkCommonColumns } from './common-columns.ts';
import { MergeError } from './merge-error.ts';
import { cursorsOf, mergedGroups } from './merged-groups.ts';
import { calculateGroups } from './calculate-groups.ts';
import type { Calculate } from './calculated-rows.ts';
import type { Arrangement, MergeCaps, MergedRows, RowSource } from './merge-input.ts';
import { gatherRows } from './gather-rows.ts';
import type { GatheredRows, GroupCalculation, GroupMerge, MergePlan, RowMerge } from './merge-plan.ts';
import { visiblePart } from './row-cursor.ts';
import { concatenateRows, mergeSortedRows, type StreamedRow } from './row-streams.ts';
import { startTimeLimit, type TimeLimit } from './time-limit.ts';

/** What a merge needs. */
export interface MergeOptions {
  readonly plan: MergePlan;
  /** At least one. */
  readonly sources: readonly RowSource[];
  readonly arrangement: Arrangement;
  readonly caps: MergeCaps;
  readonly clock: Clock;
  /** Has a server calculate from merged groups. Plans with a calculation need it. */
  readonly calculate?: Calculate;
  readonly signal: AbortSignal;
}

/** Rows handed on at once, at most, where each is looked at. */
const BATCH_ROWS = 256;
/** And bytes, from which on a batch is not made any larger. */
const BATCH_BYTES = 64 * 1024;

/**
 * Merges answers. Sources are read no faster than the result is: memory is a batch of each, and what groups and distinct rows
 * take. When the result ends, or its reader stops, sources may not be at their end: who made them ends them.
 * @throws MergeError when the columns of the slots differ; and what a source rejects with
 */
export async function mergeRows(options: MergeOptions): Promise<MergedRows> {
  const { plan, sources, caps, clock } = options;
  const limit = startTimeLimit(caps, clock, options.signal);
  try {
    const columns = await openSources(sources, limit.signal);
    const { rows } = plan;
    if (rows.kind === 'gathered' || (rows.kind === 'group' && isCalculated(rows))) {
      const merged = await calculated(options, rows, columns, limit.signal);
      return { columns: merged.columns, batches: withinTime(limit, merged.batches) };
    }
    return {
      columns: visibleColumns(columns, plan),
      batches: withinTime(limit, mergedBatches(options, rows, columns, limit.signal)),
    };
  } catch (error) {
    limit.end();
    throw error;
  }
}

function visibleColumns(
  columns: readonly ColumnDefinition[],
  { rows, hidden, tableless }: MergePlan,
): readonly ColumnDefinition[] {
  const visible = columns.slice(0, columns.length - hidden);
  if (rows.kind === 'distinct' && visible.length > rows.values.length) {
    throw new MergeError('Mismatch', 'The table has more columns than were known: try again');
  }
  return tableless === true ? visible.map((column) => ({ ...column, table: '' })) : visible;
}

type CalculatedMerge = GroupMerge & { readonly calculation: GroupCalculation };

function isCalculated(rows: GroupMerge): rows is CalculatedMerge {
  return rows.calculation !== null;
}

/** All rows are read when it resolves, and a server has answered; of groups the first are calculated. */
async function calculated(
  { plan, sources, arrangement, caps, calculate }: MergeOptions,
  rows: CalculatedMerge | GatheredRows,
  columns: readonly ColumnDefinition[],
  signal: AbortSignal,
): Promise<MergedRows> {
  if (calculate === undefined) {
    throw new RangeError('there is nobody to calculate');
  }
  const budget = new MergeBudget(caps);
  const comparators = new Comparators(columns, plan.hidden);
  const cursors = cursorsOf(sources, columns, budget);
  if (rows.kind === 'gathered') {
    const all = concatenateRows(cursors, signal);
    const made = await gatherRows(rows, all, { comparators, budget, calculate, signal });
    return { columns: made.columns, batches: inBatches(made.rows, BATCH_ROWS) };
  }
  const groups = mergedGroups(plan, rows, cursors, arrangement, { comparators, budget, signal });
  const made = await calculateGroups(plan, rows, groups, { comparators, budget, calculate, signal });
  return { columns: made.columns, batches: inWindow(plan, inBatches(made.rows, batchSize(plan))) };
}

/** No more than are asked for. */
function batchSize({ offset, limit }: MergePlan): number {
  return limit === null ? BATCH_ROWS : Math.max(1, Math.min(BATCH_ROWS, offset + limit));
}

async function openSources(
  sources: readonly RowSource[],
  signal: AbortSignal,
): Promise<readonly ColumnDefinition[]> {
  const [first, ...others] = await Promise.all(sources.map((source) => source.open(signal)));
  if (first === undefined) {
    throw new RangeError('there is nothing to merge');
  }
  for (const other of others) {
    checkCommonColumns(first, other);
  }
  return first;
}

/** Ends what takes too long, also where a source keeps silent. */
async function* withinTime(
  limit: TimeLimit,
  batches: AsyncIterable<readonly Buffer[]>,
): AsyncGenerator<readonly Buffer[]> {
  try {
    for await (const batch of batches) {
      limit.signal.throwIfAborted();
      yield batch;
    }
  } finally {
    limit.end();
  }
}

async function* mergedBatches(
  { plan, sources, arrangement, caps }: MergeOptions,
  rows: Exclude<RowMerge, GatheredRows>,
  columns: readonly ColumnDefinition[],
  signal: AbortSignal,
): AsyncGenerator<readonly Buffer[]> {
  if (plan.limit === 0) {
    return;
  }
  const budget = new MergeBudget(caps);
  const comparators = new Comparators(columns, plan.hidden);
  const size = batchSize(plan);
  const cursors = cursorsOf(sources, columns, budget);
  switch (rows.kind) {
    case 'concatenate':
      if (plan.hidden === 0) {
        yield* inWindow(plan, wholeBatches(sources, budget, signal));
      } else {
        yield* inWindow(plan, inBatches(visibleRows(concatenateRows(cursors, signal), plan.hidden), size));
      }
      return;
    case 'order':
      yield* inWindow(
        plan,
        inBatches(
          visibleRows(mergeSortedRows(cursors, comparators.order(rows.by), signal), plan.hidden),
          size,
        ),
      );
      return;
    case 'distinct': {
      const stream =
        rows.by.length === 0
          ? concatenateRows(cursors, signal)
          : mergeSortedRows(cursors, comparators.order(rows.by), signal);
      const once = distinctRows(stream, rowKeys(rows, comparators), budget);
      yield* inWindow(plan, inBatches(visibleRows(once, plan.hidden), size));
      return;
    }
    case 'group': {
      const groups = mergedGroups(plan, rows, cursors, arrangement, { comparators, budget, signal });
      yield* inWindow(plan, inBatches(groups, size));
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

async function* visibleRows(rows: AsyncIterable<StreamedRow>, hidden: number): AsyncGenerator<Buffer> {
  for await (const { payload, fields } of rows) {
    yield visiblePart(payload, fields, hidden);
  }
}

async function* inBatches(
  rows: AsyncIterable<Buffer> | Iterable<Buffer>,
  size: number,
): AsyncGenerator<readonly Buffer[]> {
  let batch: Buffer[] = [];
  let bytes = 0;
  for await (const row of rows) {
    batch.push(row);
    bytes += row.length;
    if (batch.length === size || bytes >= BATCH_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
  }
  if (batch.length > 0) {
    yield batch;
  }
}

/** A text that is the same for rows which count once; null for a row that counts anyway. */
function rowKeys(
  { values, among }: Extract<RowMerge, { kind: 'distinct' }>,
  comparators: Comparators,
): KeyOfRow {
  const keyOf = comparators.keys(values);
  const place = among === undefined ? null : comparators.indexOf(among);
  if (place === null) {
    return keyOf;
  }
  return (fields) => {
    const group = fields[place]?.toString('latin1') ?? '0';
    return group === '0' ? null : `${group},${keyOf(fields)}`;
  };
}

async function* distinctRows(
  rows: AsyncIterable<StreamedRow>,
  keyOf: KeyOfRow,
  budget: MergeBudget,
): AsyncGenerator<StreamedRow> {
  const seen = new Set<string>();
  for await (const row of rows) {
    const key = keyOf(row.fields);
    if (key === null) {
      yield row;
    } else if (!seen.has(key)) {
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
