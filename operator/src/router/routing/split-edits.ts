import type { TokenRange } from '../sql/expression.ts';
import type { Edit } from '../sql/rewrite.ts';

/**
 * Edits that leave only some of a list's elements, separated by commas in the text. `kept`: indexes of those that stay, ascending, at
 * least one.
 */
export function keepElements(elements: readonly TokenRange[], kept: readonly number[]): readonly Edit[] {
  const edits: Edit[] = [];
  const remove = (first: number, end: number): void => {
    if (first < end) {
      edits.push({ tokens: { first, end }, text: '' });
    }
  };
  let end: number | null = null;
  for (const index of kept) {
    const element = elements[index];
    if (element !== undefined) {
      // After a kept element its comma stays: one token.
      remove(end === null ? (elements[0]?.first ?? 0) : end + 1, element.first);
      ({ end } = element);
    }
  }
  const last = elements.at(-1);
  if (end !== null && last !== undefined) {
    remove(end, last.end);
  }
  return edits;
}

/** Indexes of the elements of each slot, ascending; elements of no slot go nowhere. */
export function groupBySlot(slots: readonly (number | null)[]): ReadonlyMap<number, readonly number[]> {
  const groups = new Map<number, number[]>();
  for (const [index, slot] of slots.entries()) {
    if (slot !== null) {
      const group = groups.get(slot);
      if (group === undefined) {
        groups.set(slot, [index]);
      } else {
        group.push(index);
      }
    }
  }
  return groups;
}
