import type { Operation } from '../history/operation.ts';
import { isMisled } from '../history/operation.ts';
import type { Violation } from './violation.ts';
import { summarise } from './violation.ts';

/**
 * A client that has seen a writer's row sees it, or a later one, in every later read: ids of one writer rise and are
 * never deleted. Holds for each reading client on its own, across failovers, but for reads that a Service led to a replica, and
 * for those that may come from one replica now and from another one next.
 */
export function checkMonotonicReads(operations: readonly Operation[]): Violation[] {
  const seen = new Map<string, number>();
  const back: string[] = [];
  for (const operation of operations.toSorted((a, b) => a.start - b.start)) {
    if (
      operation.kind !== 'readLatest' ||
      operation.outcome !== 'ok' ||
      operation.id === null ||
      (operation.level ?? 'Strong') !== 'Strong' ||
      isMisled(operation)
    ) {
      continue;
    }
    const pair = `${operation.process} of ${operation.writer}`;
    const before = seen.get(pair) ?? 0;
    if (operation.id < before) {
      back.push(`${pair} saw ${operation.id} after ${before}`);
    }
    seen.set(pair, Math.max(before, operation.id));
  }
  return summarise('monotonicReads', 'reads went back in time', back);
}
