import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { decodeBinaryRow, encodeBinaryRow } from './binary-row.ts';
import { COLUMN_TYPE } from './column-type.ts';
import {
  decodeExecute,
  decodeFetchRows,
  decodeLongData,
  decodePrepareOk,
  encodeExecute,
  encodeExecutionBody,
  encodeFetch,
  encodeLongData,
  encodePrepareOk,
  encodeStatementCommand,
  isParameterType,
  overwriteStatementId,
  statementIdOf,
} from './statement-packets.ts';
import { nullableTypedValue, typedValue } from './testing/values.ts';
import { formatTextValue, parseTextValue } from './text-value.ts';
import type { ValueType, WireValue } from './wire-value.ts';

const signed = (type: number): ValueType => ({ type, unsigned: false });
const text = (value: string): Buffer => Buffer.from(value);

describe('binary rows', () => {
  it('survive a round trip with values of every type', () => {
    fc.assert(
      fc.property(fc.array(nullableTypedValue, { maxLength: 30 }), (fields) => {
        const types = fields.map(([type]) => type);
        const values = fields.map(([, value]) => value);
        expect(decodeBinaryRow(encodeBinaryRow(values, types), types)).toEqual(values);
      }),
      { numRuns: 500 },
    );
  });

  it('are laid out as the server lays them out', () => {
    const types = [signed(COLUMN_TYPE.longlong), signed(COLUMN_TYPE.varString), signed(COLUMN_TYPE.tiny)];
    const row = encodeBinaryRow([1n, null, -1], types);
    // Header, NULL bitmap from its third bit on, values.
    expect(row.toString('hex')).toBe('00080100000000000000ff');
  });

  it.each([
    ['a number where bytes travel', COLUMN_TYPE.varString, 5],
    ['bytes where a number travels', COLUMN_TYPE.long, text('5')],
    ['a number where 64 bits travel', COLUMN_TYPE.longlong, 5],
    ['a bigint where 32 bits travel', COLUMN_TYPE.long, 5n],
  ])('do not take %s', (_, type, value: WireValue) => {
    expect(() => encodeBinaryRow([value], [signed(type)])).toThrow(TypeError);
  });

  it.each([
    ['no row', '05', 'no binary row'],
    ['a date of 5 bytes', '00000505050505', 'a date has 5 bytes'],
    ['too few bytes', '0000', 'are needed'],
    ['too many bytes', '00040102', 'more values'],
  ])('refuse %s', (_, hex, message) => {
    expect(() => decodeBinaryRow(Buffer.from(hex, 'hex'), [signed(COLUMN_TYPE.datetime)])).toThrow(message);
  });
});

const parameter = nullableTypedValue.filter(([{ type }]) => isParameterType(type));

describe('COM_STMT_EXECUTE', () => {
  it.each([COLUMN_TYPE.int24, COLUMN_TYPE.year, COLUMN_TYPE.bit, COLUMN_TYPE.geometry])(
    'does not take parameters of type %i, of which a server reads no value',
    (type) => {
      const payload = encodeExecute({ statementId: 1, cursor: 0, types: [signed(type)], values: [null] });
      expect(() => decodeExecute(payload, 1, [], () => false)).toThrow('for columns only');
    },
  );

  it('survives a round trip, also without types and with long data', () => {
    const id = fc.nat({ max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(
        id,
        fc.nat({ max: 7 }),
        fc.array(fc.tuple(parameter, fc.boolean()), { maxLength: 20 }),
        (statementId, cursor, parameters) => {
          const types = parameters.map(([[type]]) => type);
          const values = parameters.map(([[, value], long]) => (long ? undefined : value));
          const payload = encodeExecute({ statementId, cursor, types, values });
          const isLong = (index: number): boolean => parameters[index]?.[1] ?? false;
          const decoded = decodeExecute(payload, types.length, [], isLong);
          expect(decoded).toMatchObject({ statementId, cursor, types, typesSent: types.length > 0, values });
          if (types.length === 0) return;
          const withoutTypes = Buffer.concat([
            payload.subarray(0, 10 + ((types.length + 7) >>> 3)),
            Buffer.of(0),
            payload.subarray(11 + ((types.length + 7) >>> 3) + 2 * types.length),
          ]);
          const again = decodeExecute(withoutTypes, types.length, types, isLong);
          expect(again).toMatchObject({ statementId, cursor, types, typesSent: false, values });
        },
      ),
    );
  });

  it('is told to a server as it was sent, with the types of the execution before', () => {
    fc.assert(
      fc.property(fc.array(parameter, { minLength: 1, maxLength: 20 }), (parameters) => {
        const types = parameters.map(([type]) => type);
        const values = parameters.map(([, value]) => value);
        const payload = encodeExecute({ statementId: 3, cursor: 0, types, values });
        const nullsEnd = 10 + ((types.length + 7) >>> 3);
        const withoutTypes = Buffer.concat([
          payload.subarray(0, nullsEnd),
          Buffer.of(0),
          payload.subarray(nullsEnd + 1 + 2 * types.length),
        ]);
        const execution = decodeExecute(withoutTypes, types.length, types, () => false);
        expect(encodeExecutionBody(withoutTypes, execution, values)).toEqual(payload.subarray(5));
      }),
    );
  });

  it('is told to a server with types, without a cursor, and with a NULL that only its type tells of', () => {
    const payload = encodeExecute({
      statementId: 7,
      cursor: 1,
      types: [signed(COLUMN_TYPE.long), { type: COLUMN_TYPE.null, unsigned: false }],
      values: [5, null],
    });
    payload[10] = 0;
    const execution = decodeExecute(payload, 2, [], () => false);
    expect(execution.values).toEqual([5, null]);
    expect(encodeExecutionBody(payload, execution, [5, null]).toString('hex')).toBe(
      '000100000002010300060005000000',
    );
  });

  it('has the types that it sends, whichever the execution before had', () => {
    const list = fc.array(parameter, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(list, list, fc.boolean(), (parameters, others, areSame) => {
        const types = parameters.map(([type]) => type);
        const before = areSame ? structuredClone(types) : others.map(([type]) => type);
        const kept = structuredClone(before);
        const values = parameters.map(([, value]) => value);
        const payload = encodeExecute({ statementId: 3, cursor: 0, types, values });
        const execution = decodeExecute(payload, types.length, before, () => false);
        expect(execution).toMatchObject({ types, values, typesSent: true });
        expect(execution.types).toHaveLength(types.length);
        expect(before).toEqual(kept);
      }),
    );
  });

  it('cannot do without types the first time', () => {
    const payload = Buffer.from('170100000000010000000000', 'hex');
    expect(() => decodeExecute(payload, 1, [], () => false)).toThrow('lacks the types');
  });
});

describe('other commands of prepared statements', () => {
  it('survive a round trip', () => {
    const data = { statementId: 9, parameter: 3, data: Buffer.from('part') };
    expect(decodeLongData(encodeLongData(data))).toEqual(data);
    expect(decodeFetchRows(encodeFetch(9, 500))).toBe(500);
    const close = encodeStatementCommand(0x19, 77);
    expect(statementIdOf(close)).toBe(77);
    overwriteStatementId(close, 78);
    expect(statementIdOf(close)).toBe(78);
    const prepared = { statementId: 5, columns: 2, parameters: 300, warnings: 1 };
    expect(decodePrepareOk(encodePrepareOk(prepared))).toEqual(prepared);
  });
});

/** A FLOAT in its own precision; text has no negative zero. */
function comparable({ type }: ValueType, value: WireValue): WireValue {
  if (typeof value !== 'number') return value;
  return (type === COLUMN_TYPE.float ? Math.fround(value) : value) + 0;
}

describe('text values', () => {
  it('are the values that they were made of', () => {
    fc.assert(
      fc.property(typedValue, ([type, value]) => {
        if (value === null) return;
        const parsed = parseTextValue(type, formatTextValue(type, value));
        expect(comparable(type, parsed)).toEqual(comparable(type, value));
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, number, string]>([
    ['-838:59:59.999999', COLUMN_TYPE.time, '-838:59:59.999999'],
    ['00:00:01', COLUMN_TYPE.time, '00:00:01'],
    ['2024-02-29', COLUMN_TYPE.date, '2024-02-29'],
    ['0000-00-00 00:00:00', COLUMN_TYPE.datetime, '0000-00-00 00:00:00'],
    ['2024-02-29 01:02:03.5', COLUMN_TYPE.timestamp, '2024-02-29 01:02:03.500000'],
    ['18446744073709551615', COLUMN_TYPE.longlong, '18446744073709551615'],
    ['0.1', COLUMN_TYPE.float, '0.1'],
    ['1e20', COLUMN_TYPE.double, '100000000000000000000'],
    ['0007', COLUMN_TYPE.long, '7'],
    ['1.50', COLUMN_TYPE.newDecimal, '1.50'],
  ])('%s of type %i is read, and written as %s', (field, type, expected) => {
    const value = parseTextValue(signed(type), text(field));
    const stored = type === COLUMN_TYPE.float ? Math.fround(value as number) : value;
    expect(formatTextValue(signed(type), stored as Exclude<WireValue, null>).toString()).toBe(expected);
  });

  it.each([
    ['yesterday', COLUMN_TYPE.date],
    ['12:00', COLUMN_TYPE.time],
    ['1.5', COLUMN_TYPE.long],
    ['', COLUMN_TYPE.double],
    ['one', COLUMN_TYPE.float],
  ])('%j is refused for type %i', (field, type) => {
    expect(() => parseTextValue(signed(type), text(field))).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    );
  });
});
