/** A split of one slot of a keyspace that is cut by intervals: what it makes, or why it cannot be made. Pure. */
import { type RangeBound, RangesError, readRanges } from '../keyspace/ranges.ts';
import { readSlotOwners, shardOf } from '../keyspace/slot-owners.ts';
import { readSlotSet, writeSlotSet } from '../keyspace/slot-set.ts';
import type { PlannedKeyspace } from './planned-keyspace.ts';

/** A split as it is asked for. */
export interface AskedSplit {
  readonly keyspace: string;
  readonly slot: number;
  /** Text of the first key of the upper part. */
  readonly at: string;
}

/** A split that can be made. */
export interface PlannedSplit extends AskedSplit {
  /** Number of the shard that has the slot, and will have both parts. */
  readonly shard: number;
  /** Numbers of the slots that the parts will be. */
  readonly lower: number;
  readonly upper: number;
}

/** A split that cannot be made. */
export interface SplitRefusal {
  readonly kind: 'refused';
  readonly code:
    'UnknownKeyspace' | 'NotByIntervals' | 'UnknownSlot' | 'SlotMoves' | 'NoFreeSlots' | 'KeyOutside';
  /** A sentence: what is wrong and what to do. */
  readonly message: string;
}

/** Of a keyspace: where its slots are, and its intervals. */
export type SplittableKeyspace = Pick<PlannedKeyspace, 'name' | 'slots' | 'slotsByShard'> & {
  readonly ranges?: readonly RangeBound[];
};

/** Intervals and owners: what a split changes of a keyspace. */
export interface SplitPlaces {
  ranges: RangeBound[];
  slotsByShard: { shard: number; slots: string }[];
}

/**
 * Plans a split. Both parts get numbers that nothing has: not the slot's own, so that a server refuses whoever does not
 * know of the split. `inUse`: slots of the keyspace that a move or a split still has to do with, whether they exist or not.
 * @throws SlotSetError and SlotOwnersError for slots that cannot be read.
 */
export function planSplit(
  keyspaces: readonly SplittableKeyspace[],
  asked: AskedSplit,
  inUse: ReadonlySet<number>,
): PlannedSplit | SplitRefusal {
  const { keyspace: name, slot, at } = asked;
  const keyspace = keyspaces.find((each) => each.name === name);
  if (keyspace === undefined) {
    return refuse('UnknownKeyspace', `There is no keyspace ${name}.`);
  }
  const { ranges, slots } = keyspace;
  if (ranges === undefined) {
    return refuse(
      'NotByIntervals',
      `Slots of ${name} are no intervals of keys: only those of strategy Range are split.`,
    );
  }
  const owners = readSlotOwners(keyspace.slotsByShard, slots);
  const shard = shardOf(owners, slot);
  if (shard === undefined || !ranges.some((range) => range.slot === slot)) {
    return refuse('UnknownSlot', `The keyspace ${name} has no slot ${slot}.`);
  }
  if (inUse.has(slot)) {
    return refuse('SlotMoves', `Slot ${slot} of ${name} moves, or is split already: wait for its end.`);
  }
  const free: number[] = [];
  for (let number = 0; number < slots && free.length < 2; number += 1) {
    if (shardOf(owners, number) === undefined && !inUse.has(number)) {
      free.push(number);
    }
  }
  const [lower, upper] = free;
  if (lower === undefined || upper === undefined) {
    return refuse(
      'NoFreeSlots',
      `A split takes two numbers of slots that are free, and ${name} has ${free.length} left of its ${slots}.`,
    );
  }
  const split = { ...asked, shard, lower, upper };
  try {
    readRanges(withSplit({ ...keyspace, ranges }, split).ranges);
  } catch (error) {
    if (error instanceof RangesError) {
      return refuse(
        'KeyOutside',
        `The key ${JSON.stringify(at.slice(0, 64))} is not within slot ${slot} of ${name}, which is ${intervalText(ranges, slot)}: name a key above its beginning and below its end.`,
      );
    }
    throw error;
  }
  return split;
}

/** The keyspace with both parts in the place of the slot: what a flip writes. */
export function withSplit(
  {
    ranges,
    slotsByShard,
  }: Pick<SplittableKeyspace, 'slotsByShard'> & { readonly ranges: readonly RangeBound[] },
  { slot, at, lower, upper }: Pick<PlannedSplit, 'slot' | 'at' | 'lower' | 'upper'>,
): SplitPlaces {
  return {
    ranges: ranges.flatMap((range) =>
      range.slot === slot
        ? [
            { ...range, slot: lower },
            { slot: upper, from: at },
          ]
        : [range],
    ),
    slotsByShard: replaceSlots(slotsByShard, [slot], [lower, upper]),
  };
}

/** The keyspace with the slot in the place of both parts: what a return writes. The parts are as they were made. */
export function withoutSplit(
  {
    ranges,
    slotsByShard,
  }: Pick<SplittableKeyspace, 'slotsByShard'> & { readonly ranges: readonly RangeBound[] },
  { slot, lower, upper }: Pick<PlannedSplit, 'slot' | 'lower' | 'upper'>,
): SplitPlaces {
  return {
    ranges: ranges
      .filter((range) => range.slot !== upper)
      .map((range) => (range.slot === lower ? { ...range, slot } : range)),
    slotsByShard: replaceSlots(slotsByShard, [lower, upper], [slot]),
  };
}

function replaceSlots(
  slotsByShard: SplittableKeyspace['slotsByShard'],
  former: readonly number[],
  next: readonly number[],
): SplitPlaces['slotsByShard'] {
  return slotsByShard.map(({ shard, slots }) => {
    const held = readSlotSet(slots);
    const kept = held.filter((slot) => !former.includes(slot));
    return { shard, slots: writeSlotSet(kept.length === held.length ? held : [...kept, ...next]) };
  });
}

/** `from "100" up to "200"`. */
function intervalText(ranges: readonly RangeBound[], slot: number): string {
  const index = ranges.findIndex((range) => range.slot === slot);
  const [from, to] = [ranges[index]?.from, ranges[index + 1]?.from];
  const words = [
    from === undefined ? '' : `from ${JSON.stringify(from)}`,
    to === undefined ? '' : `up to ${JSON.stringify(to)}`,
  ].filter((word) => word !== '');
  return words.length === 0 ? 'all keys, in the order of numbers or of texts' : words.join(' ');
}

function refuse(code: SplitRefusal['code'], message: string): SplitRefusal {
  return { kind: 'refused', code, message };
}
