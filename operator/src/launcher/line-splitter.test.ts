import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createLineSplitter, LineTooLongError } from './line-splitter.ts';

/** Cuts bytes at the given places, in any order and with repeats. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), 0, bytes.length].sort((a, b) => a - b);
  return ends.slice(1).map((end, index) => bytes.subarray(ends[index], end));
}

const line = fc
  .string({ unit: 'binary', maxLength: 40 })
  .map((text) => text.replaceAll('\n', '').toWellFormed());

describe('line splitter', () => {
  it('gives the lines back whatever the chunks, characters of several bytes included', () => {
    fc.assert(
      fc.property(fc.array(line), line, fc.array(fc.nat()), (lines, rest, places) => {
        const splitter = createLineSplitter(1000);
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join('') + rest);
        const read = cut(bytes, places).flatMap((chunk) => splitter.push(chunk));
        expect(read).toEqual(lines);
        expect(splitter.pendingBytes()).toBe(Buffer.byteLength(rest));
      }),
    );
  });

  it('refuses a line over the limit as soon as it is over, complete or not, and stays refusing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 50 }),
        fc.boolean(),
        fc.array(fc.nat()),
        (excess, ended, places) => {
          const splitter = createLineSplitter(100);
          const bytes = Buffer.from('x'.repeat(101 + excess) + (ended ? '\n' : ''));
          expect(() => cut(bytes, places).forEach((chunk) => splitter.push(chunk))).toThrow(LineTooLongError);
          expect(() => splitter.push(Buffer.from('\n'))).toThrow(LineTooLongError);
        },
      ),
    );
  });

  it('takes a line of exactly the limit', () => {
    const splitter = createLineSplitter(3);
    expect(splitter.push(Buffer.from('abc\n\nd'))).toEqual(['abc', '']);
    expect(splitter.pendingBytes()).toBe(1);
  });
});
