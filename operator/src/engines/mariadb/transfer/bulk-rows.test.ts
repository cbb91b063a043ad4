import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeBinaryRow } from '../../../wire/binary-row.ts';
import { textColumn } from '../../../wire/column-definition.ts';
import { COLUMN_FLAG, COLUMN_TYPE } from '../../../wire/column-type.ts';
import { PayloadReader } from '../../../wire/payload-reader.ts';
import type { WireValue } from '../../../wire/wire-value.ts';
import { BulkRows, carry } from './bulk-rows.ts';

function column(type: number, flags = 0): ReturnType<typeof textColumn> {
  return { ...textColumn('c'), type, flags };
}

const { tiny, long, int24, year, longBlob, varString, bit, geometry, newDecimal, longlong, datetime } =
  COLUMN_TYPE;

describe('carry', () => {
  it.each([
    ['integers as they are', tiny, tiny],
    ['three bytes, which travel as four', int24, long],
    ['years, which travel as two bytes', year, COLUMN_TYPE.short],
    ['strings as bytes', varString, longBlob],
    ['bits as bytes', bit, longBlob],
    ['shapes as bytes', geometry, longBlob],
    ['decimals as decimals', newDecimal, newDecimal],
    ['times as they are', datetime, datetime],
  ])('takes %s', (_what, type, parameter) => {
    expect(carry(column(type), false).type).toBe(parameter);
  });

  it('has addresses read as text, and keeps signs', () => {
    expect(carry(column(COLUMN_TYPE.string), true).type).toBe(varString);
    expect(carry(column(longlong, COLUMN_FLAG.unsigned), false).isUnsigned).toBe(true);
  });
});

/** Reads a command back: of each row, the bytes of its values, null for NULL. */
function readCommand(command: Buffer, sizes: readonly number[]): (Buffer | null)[][] {
  const reader = new PayloadReader(command, 1 + 4 + 2 + 2 * sizes.length);
  const rows: (Buffer | null)[][] = [];
  while (reader.remaining > 0) {
    rows.push(
      sizes.map((size) => {
        if (reader.uint8() === 1) {
          return null;
        }
        return size > 0 ? Buffer.from(reader.bytes(size)) : Buffer.from(reader.lengthEncodedBytes());
      }),
    );
  }
  return rows;
}

describe('BulkRows', () => {
  it('carries every value and every NULL as it came, in rows of any size', () => {
    const value = fc.record({
      number: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
      bytes: fc.option(
        fc.oneof(
          fc.uint8Array({ maxLength: 40 }),
          fc.constantFrom(250, 251, 65_535, 65_536).map((length) => new Uint8Array(length)),
        ),
      ),
      other: fc.option(fc.uint8Array({ maxLength: 20 })),
    });
    const definitions = [column(long), column(longBlob), column(varString)];
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), fc.nat(64), (values, capacity) => {
        const rows = new BulkRows(
          7,
          definitions.map((definition) => carry(definition, false)),
          capacity,
        );
        for (const { number, bytes, other } of values) {
          const wire: WireValue[] = [
            number,
            bytes === null ? null : Buffer.from(bytes),
            other === null ? null : Buffer.from(other),
          ];
          rows.add(
            encodeBinaryRow(
              wire,
              definitions.map(({ type }) => ({ type, unsigned: false })),
            ),
          );
        }
        expect(rows.rows).toBe(values.length);
        const read = readCommand(rows.finish(), [4, 0, 0]);
        expect(
          read.map(([number, bytes, other]) => ({
            number: number?.readInt32LE() ?? null,
            bytes: bytes?.toString('hex') ?? null,
            other: other?.toString('hex') ?? null,
          })),
        ).toEqual(
          values.map(({ number, bytes, other }) => ({
            number,
            bytes: bytes === null ? null : Buffer.from(bytes).toString('hex'),
            other: other === null ? null : Buffer.from(other).toString('hex'),
          })),
        );
      }),
    );
  });

  it('refuses a row of other columns', () => {
    const rows = new BulkRows(7, [carry(column(long), false)], 100);
    const row = encodeBinaryRow(
      [1, 2],
      [long, long].map((type) => ({ type, unsigned: false })),
    );
    expect(() => rows.add(row)).toThrow('columns');
  });
});
