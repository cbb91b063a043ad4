import { ClientError } from '../../client/client-error.ts';
import { CountedRows } from '../../merge/counted-rows.ts';
import { MergeError } from '../../merge/merge-error.ts';
import { mergeRows } from '../../merge/merge-rows.ts';
import type { RouteOf } from '../../routing/route.ts';
import type { Execution } from '../execution.ts';
import { slotPlace } from '../place-description.ts';
import type { RowWriter } from '../row-writer.ts';
import { answerFailure } from '../server-message.ts';
import type { Statement } from '../statement.ts';
import { SCATTER_CAPS } from './scatter-caps.ts';
import { ScatterReading } from './scatter-reading.ts';
import { CalculationFailedError, SlotCalculator } from './slot-calculator.ts';

/**
 * Asks every slot, and merges the answers into one while they arrive. An error after the first rows ends the result, as an error
 * of a server would.
 */
export async function runScatter(
  execution: Execution,
  statement: Statement,
  route: RouteOf<'scatter'>,
  writer: RowWriter,
  signal: AbortSignal,
): Promise<void> {
  const { keyspace, parts } = route;
  execution.bind(
    keyspace,
    parts.map(({ slot, boundBy }) => slotPlace(keyspace, slot, statement, boundBy ?? null)),
  );
  await execution.settle(
    parts.map(({ slot }) => ({ kind: 'slot', keyspace, slot })),
    route.access.mode,
    signal,
  );
  const reading = new ScatterReading(execution, statement, route, signal);
  const calculator = new SlotCalculator(execution, statement, route);
  let rows = 0n;
  let mergeFailure: { readonly error: unknown } | undefined;
  try {
    rows = await writeMerged(execution, route, reading, calculator, writer, signal);
  } catch (error) {
    mergeFailure = { error };
  }
  const failure = await reading.end();
  if (failure !== undefined) {
    answerFailure(execution, statement.answer, failure);
    return;
  }
  if (mergeFailure?.error instanceof CalculationFailedError) {
    answerFailure(execution, statement.answer, mergeFailure.error.failure);
    return;
  }
  if (mergeFailure !== undefined) {
    throw forClient(mergeFailure.error);
  }
  writer.end(execution.status(statement.hasMore), Math.min(reading.warnings + calculator.warnings, 65_535));
  execution.session.last = { ...execution.session.last, rowCount: -1n, foundRows: rows };
}

/** Resolves with the number of rows, as FOUND_ROWS() tells it. */
async function writeMerged(
  { environment: { clock } }: Execution,
  { plan }: RouteOf<'scatter'>,
  { sources, arrangement }: ScatterReading,
  calculator: SlotCalculator,
  writer: RowWriter,
  signal: AbortSignal,
): Promise<bigint> {
  const merged = await mergeRows({
    plan,
    sources,
    arrangement,
    caps: SCATTER_CAPS,
    clock,
    calculate: (query, limit) => calculator.calculate(query, limit),
    signal,
  });
  writer.columns(merged.columns);
  const rows = new CountedRows(plan);
  for await (const batch of merged.batches) {
    const given = rows.take(batch);
    if (given.length > 0) {
      await writer.rows(given, signal);
    }
  }
  return rows.count;
}

function forClient(error: unknown): unknown {
  return error instanceof MergeError
    ? new ClientError(error.errno, error.sqlState, error.message, error)
    : error;
}
