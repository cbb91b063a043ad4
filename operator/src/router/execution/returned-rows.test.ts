import { describe, expect, it } from '@jest/globals';
import { PLAIN_OK } from '../../wire/ok-packet.ts';
import { orderReturned, type ReturnedPart } from './returned-rows.ts';

const part = (rows: readonly number[], ...values: string[]): ReturnedPart => ({
  rows,
  result: { columns: [], rows: values.map((value) => [Buffer.from(value)]), completion: PLAIN_OK },
});
const texts = (...parts: ReturnedPart[]): (string | undefined)[] =>
  orderReturned(parts).map(([value]) => value?.toString());

describe('orderReturned', () => {
  it('gives rows in the order of the statement', () => {
    expect(texts(part([0, 3], 'a', 'd'), part([2], 'c'), part([1], 'b'))).toEqual(['a', 'b', 'c', 'd']);
  });

  it('guesses no order where a slot has left rows out', () => {
    expect(texts(part([0, 3], 'd'), part([1, 2], 'b', 'c'))).toEqual(['d', 'b', 'c']);
  });
});
