/** Keyspaces that are cut by intervals of the key itself. */
import { compareDecimals, shortestDecimal } from './decimal-text.ts';
import type { CanonicalKey } from './key-literal.ts';

/** One interval of a keyspace, from its bound (included) to the next one's (excluded), as the ShardMap has it. */
export interface RangeBound {
  readonly slot: number;
  /** Text of the least key; absent for the first interval, which has no beginning. */
  readonly from?: string;
}

/** Intervals ready for look-ups; made with {@link readRanges}. */
export interface RangeTable {
  /** Slots in the order of their intervals: one more than there are bounds between them. */
  readonly slots: readonly number[];
  /** Bounds as shortest decimal texts; null where one is no number or they do not ascend as numbers. */
  readonly numbers: readonly string[] | null;
  /** Bounds as UTF-8; null where they do not ascend as text. */
  readonly texts: readonly Uint8Array[] | null;
}

/** Intervals that are none. */
export class RangesError extends Error {
  readonly code = 'InvalidRanges';
  override readonly name = 'RangesError';
}

const SPACE = 0x20;

/**
 * Reads the intervals of a keyspace.
 * @throws RangesError when they ascend neither as numbers nor as text, when one but the first has no beginning, or when a slot
 * is there twice.
 */
export function readRanges(bounds: readonly RangeBound[]): RangeTable {
  const slots = bounds.map(({ slot }) => slot);
  const froms = bounds.slice(1).map(({ slot, from }) => {
    if (from === undefined) {
      throw new RangesError(`the interval of slot ${slot} has no beginning, and is not the first`);
    }
    return from;
  });
  if (slots.length === 0 || bounds[0]?.from !== undefined || new Set(slots).size !== slots.length) {
    throw new RangesError('intervals begin with one that has no beginning, and name each slot once');
  }
  const numbers = numericBounds(froms);
  const texts = textBounds(froms);
  if (numbers === null && texts === null) {
    throw new RangesError('the bounds of the intervals ascend neither as numbers nor as text');
  }
  return { slots, numbers, texts };
}

function numericBounds(froms: readonly string[]): readonly string[] | null {
  const numbers = froms.map(shortestDecimal).filter((number) => number !== undefined);
  return numbers.length === froms.length && ascends(numbers, compareDecimals) ? numbers : null;
}

function textBounds(froms: readonly string[]): readonly Uint8Array[] | null {
  // Without control characters and spaces at the end the order is the same whether a collation pads or not.
  const texts = froms.map(utf8Bytes);
  if (texts.some((text) => text.at(-1) === SPACE || text.some((byte) => byte < SPACE))) {
    return null;
  }
  return ascends(texts, (left, right) => compareTexts(left, right, false)) ? texts : null;
}

function utf8Bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function ascends<Bound>(bounds: readonly Bound[], compare: (left: Bound, right: Bound) => number): boolean {
  return bounds.every((bound, index) => {
    const before = bounds[index - 1];
    return before === undefined || compare(before, bound) < 0;
  });
}

/**
 * Slot of the interval that a key is in.
 * @throws RangesError when the keyspace is not cut by keys of that kind; `checkKeyRule` tells before.
 */
export function slotOfRange({ slots, numbers, texts }: RangeTable, key: CanonicalKey): number {
  const index =
    key.kind === 'number'
      ? countNotAbove(numbers, (bound) => compareDecimals(bound, key.text))
      : countNotAbove(texts, (bound) => -compareTexts(key.bytes, bound, key.padded));
  const slot = slots[index];
  if (slot === undefined) {
    throw new RangesError('there is no interval for the key');
  }
  return slot;
}

/** Whether the interval of that number, counted from 0, begins with the key itself. The first has no beginning. */
export function beginsWith({ numbers, texts }: RangeTable, interval: number, key: CanonicalKey): boolean {
  if (key.kind === 'number') {
    const bound = numbers?.[interval - 1];
    return bound !== undefined && compareDecimals(bound, key.text) === 0;
  }
  const bound = texts?.[interval - 1];
  return bound !== undefined && compareTexts(key.bytes, bound, key.padded) === 0;
}

/** How many of the ascending bounds are not above what they are compared with. */
function countNotAbove<Bound>(bounds: readonly Bound[] | null, compare: (bound: Bound) => number): number {
  if (bounds === null) {
    throw new RangesError('the bounds of the intervals are not of the kind of the key');
  }
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const bound = bounds[middle];
    if (bound !== undefined && compare(bound) <= 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/**
 * Negative, zero or positive as the first text is before, equal to or after the second, as MariaDB has them under a binary
 * collation of UTF-8; `padded`: one that compares as if the shorter text went on with spaces.
 */
export function compareTexts(left: Uint8Array, right: Uint8Array, padded: boolean): number {
  const length = padded ? Math.max(left.length, right.length) : Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const difference = (left[index] ?? SPACE) - (right[index] ?? SPACE);
    if (difference !== 0) {
      return difference;
    }
  }
  return padded ? 0 : left.length - right.length;
}
