/** Highest number of slots of one keyspace. */
export const MAX_SLOTS = 16_384;

/** Text that is no set of slots. */
export class SlotSetError extends Error {
  readonly code = 'InvalidSlotSet';
  override readonly name = 'SlotSetError';
}

const RANGE = /^(0|[1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?$/;

/**
 * Writes a set of slots as the ShardMap has it: ascending, neighbours joined: `0-63,128`. The empty set is ``. The order of
 * `slots` does not matter; each may be there once only.
 */
export function writeSlotSet(slots: readonly number[]): string {
  const sorted = slots.toSorted((left, right) => left - right);
  const parts: string[] = [];
  for (let index = 0; index < sorted.length;) {
    const first = sorted[index] ?? 0;
    let last = first;
    for (index += 1; sorted[index] === last + 1; index += 1) {
      last += 1;
    }
    parts.push(first === last ? String(first) : `${first}-${last}`);
  }
  return parts.join(',');
}

/**
 * Reads what {@link writeSlotSet} writes; slots ascend.
 * @throws SlotSetError when it is anything else: out of order, slots twice, or a number no slot can have.
 */
export function readSlotSet(text: string): readonly number[] {
  const slots: number[] = [];
  if (text === '') {
    return slots;
  }
  for (const part of text.split(',')) {
    const [, from, to] = RANGE.exec(part) ?? [];
    const first = Number(from);
    const last = to === undefined ? first : Number(to);
    const before = slots.at(-1) ?? -1;
    if (from === undefined || first <= before || (to !== undefined && last <= first) || last >= MAX_SLOTS) {
      throw new SlotSetError(
        `"${part.slice(0, 40)}" is no part of a set of slots: write ascending numbers below ${MAX_SLOTS} as in 0-63,128`,
      );
    }
    for (let slot = first; slot <= last; slot += 1) {
      slots.push(slot);
    }
  }
  return slots;
}
