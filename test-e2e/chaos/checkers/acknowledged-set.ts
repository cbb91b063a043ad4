/**
 * The set checker: every acknowledged unique id is there, and nothing is there that nobody wrote. It finds loss in
 * linear time, whatever the concurrency.
 */
import type { Operation } from '../history/operation.ts';
import type { Violation } from './violation.ts';
import { summarise } from './violation.ts';

/**
 * Compares the ids that were appended, or the transfers that were made, with those that `member` holds at the end.
 * An indeterminate one may be there or not; one that certainly failed must not be.
 */
export function checkAcknowledgedSet(
  operations: readonly Operation[],
  kind: 'append' | 'transfer',
  member: string,
  present: ReadonlySet<number>,
): Violation[] {
  const possible = new Set<number>();
  const lost: number[] = [];
  for (const operation of operations) {
    if (operation.kind !== kind) {
      continue;
    }
    if (operation.outcome !== 'fail') {
      possible.add(operation.id);
    }
    if (operation.outcome === 'ok' && !present.has(operation.id)) {
      lost.push(operation.id);
    }
  }
  const unwritten = [...present].filter((id) => !possible.has(id));
  return [
    ...summarise('acknowledgedWritePresent', `acknowledged ${kind}s are not on ${member}`, lost),
    ...summarise('nothingUnwritten', `${kind}s on ${member} were written by nobody`, unwritten),
  ];
}
