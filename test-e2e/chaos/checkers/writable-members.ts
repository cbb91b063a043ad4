import type { WritableSample } from '../history/history.ts';
import type { Violation } from './violation.ts';
import { summarise } from './violation.ts';

/**
 * Never two members that take writes. Samples of two members are never of one instant, so two are called writable at
 * once when one was seen open before and after the other was, and never closed or unreachable in between: nothing
 * is called a violation that may have been a change-over.
 */
export function checkOneWritableMember(samples: readonly WritableSample[]): Violation[] {
  const byMember = Map.groupBy(samples, ({ member }) => member);
  const found: string[] = [];
  for (const [member, own] of byMember) {
    const ordered = own.toSorted((a, b) => a.start - b.start);
    for (const [index, before] of ordered.entries()) {
      const after = ordered[index + 1];
      if (after === undefined || !before.writable || !after.writable) {
        continue;
      }
      const other = samples.find(
        (sample) =>
          sample.member !== member &&
          sample.writable &&
          sample.start > before.end &&
          sample.end < after.start,
      );
      if (other !== undefined) {
        found.push(`${member} and ${other.member} at ${other.start.toFixed(1)}`);
      }
    }
  }
  return summarise('oneWritableMember', 'times two members took writes', found);
}
