/** Reads of a writer's newest row, judged by what their level of consistency promises. Ids of one writer rise. */
import type { Append, Operation, ReadLatest } from '../history/operation.ts';
import { isMisled } from '../history/operation.ts';
import type { Violation } from './violation.ts';
import { summarise } from './violation.ts';

/** What was found. */
export interface ReadLevels {
  readonly violations: readonly Violation[];
  /** Reads at the level Eventual, and the furthest that one of them showed the past, in milliseconds. */
  readonly eventual: { readonly count: number; readonly oldestMilliseconds: number };
}

/**
 * `Strong`: everything that was acknowledged before the read was sent is seen. `ReadYourWrites`: everything of that
 * client's own. `Eventual`: everything that had been acknowledged `pastMilliseconds` before. Reads of clients that hold
 * on to a former primary, or that a Service led to a replica, are not judged: nothing is promised to them.
 */
export function checkReadLevels(operations: readonly Operation[], pastMilliseconds: number): ReadLevels {
  const acknowledged = Map.groupBy(
    operations.filter(
      (operation): operation is Append => operation.kind === 'append' && operation.outcome === 'ok',
    ),
    ({ process }) => process,
  );
  const stale: Record<'Strong' | 'ReadYourWrites' | 'Eventual', string[]> = {
    Strong: [],
    ReadYourWrites: [],
    Eventual: [],
  };
  let count = 0;
  let oldestMilliseconds = 0;
  for (const read of operations) {
    if (!isAnswered(read) || read.via === 'sameNode' || isMisled(read)) {
      continue;
    }
    const level = read.level ?? 'Strong';
    const missing = (acknowledged.get(read.writer) ?? []).filter(
      ({ id, end }) => id > (read.id ?? 0) && end < read.start,
    );
    const age = missing.reduce((oldest, { end }) => Math.max(oldest, read.start - end), 0);
    count += level === 'Eventual' ? 1 : 0;
    oldestMilliseconds = level === 'Eventual' ? Math.max(oldestMilliseconds, age) : oldestMilliseconds;
    if (age > (level === 'Eventual' ? pastMilliseconds : 0)) {
      stale[level].push(`${read.process} saw ${read.id} of ${read.writer}, ${age.toFixed(0)} ms behind`);
    }
  }
  return {
    violations: [
      ...summarise('strongReads', 'reads missed what had been acknowledged before', stale.Strong),
      ...summarise('readYourWrites', 'reads missed what the client had written', stale.ReadYourWrites),
      ...summarise('boundedStaleness', `reads were over ${pastMilliseconds} ms behind`, stale.Eventual),
    ],
    eventual: { count, oldestMilliseconds },
  };
}

function isAnswered(operation: Operation): operation is ReadLatest {
  return operation.kind === 'readLatest' && operation.outcome === 'ok' && operation.id !== null;
}
