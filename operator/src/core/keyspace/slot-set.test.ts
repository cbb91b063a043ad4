import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_SLOTS, readSlotSet, writeSlotSet } from './slot-set.ts';

describe('writeSlotSet', () => {
  it.each([
    [[], ''],
    [[0], '0'],
    [[0, 1], '0-1'],
    [[5, 3, 4, 128, 1], '1,3-5,128'],
    [[16_383, 16_382], '16382-16383'],
  ])('writes %j as "%s"', (slots, text) => expect(writeSlotSet(slots)).toBe(text));
});

describe('readSlotSet', () => {
  it('reads what was written, in ascending order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: MAX_SLOTS - 1 })), (slots) => {
        expect(readSlotSet(writeSlotSet(slots))).toEqual(slots.toSorted((left, right) => left - right));
      }),
    );
  });

  it.each([
    ' ',
    '1,',
    ',1',
    '01',
    '1-1',
    '2-1',
    '3,2',
    '1,1',
    '0-5,5',
    '-1',
    '1-',
    '1.5',
    '0-16384',
    '16384',
    '0x1',
    '1 2',
    '0,1-99999',
  ])('refuses "%s"', (text) =>
    expect(() => readSlotSet(text)).toThrow(expect.objectContaining({ code: 'InvalidSlotSet' })),
  );
});
