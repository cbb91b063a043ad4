import { describe, expect, it } from '@jest/globals';
import { PLAIN_OK } from '../../wire/ok-packet.ts';
import { encodeTextRow } from '../../wire/text-row.ts';
import { orderReturned, type ReturnedPart, ReturningSink } from './returned-rows.ts';

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

  it('leaves deleted rows as their slots gave them', () => {
    expect(texts(part([], 'b', 'a'), part([]), part([], 'c'))).toEqual(['b', 'a', 'c']);
  });

  it('guesses no order where a slot has left rows out', () => {
    expect(texts(part([0, 3], 'd'), part([1, 2], 'b', 'c'))).toEqual(['d', 'b', 'c']);
  });
});

describe('ReturningSink', () => {
  /** A packet of a row with one text. */
  function packet(value: string): Buffer {
    const payload = encodeTextRow([Buffer.from(value)]);
    return Buffer.concat([Buffer.from([payload.length, 0, 0, 0]), payload]);
  }

  it('keeps rows as long as all parts of a statement have room together, and drops what is beyond', () => {
    const room = { bytes: 20 };
    const results = ['one', 'two', 'six'].map((value) => {
      const sink = new ReturningSink(room);
      const buffer = packet(value);
      sink.columns([Buffer.alloc(0)]);
      sink.rows(buffer, 0, buffer.length);
      sink.end(PLAIN_OK);
      return sink.results.flatMap(({ rows }) => rows.map(([field]) => field?.toString()));
    });
    expect(results).toEqual([['one'], ['two'], []]);
    expect(room.bytes).toBeLessThan(0);
  });
});
