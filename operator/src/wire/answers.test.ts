import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { CAPABILITY, hasCapability } from './capabilities.ts';
import { type ColumnDefinition, decodeColumn, encodeColumn } from './column-definition.ts';
import {
  decodeEndOfRows,
  decodeOk,
  encodeEndOfRows,
  encodeOk,
  isEndOfRows,
  type OkPacket,
  PLAIN_OK,
} from './ok-packet.ts';
import { decodeError, encodeEarlyError, encodeError } from './server-error.ts';
import { decodeSessionChanges, encodeSessionChanges, type SessionChanges } from './session-changes.ts';
import { decodeTextRow, encodeTextRow } from './text-row.ts';
import { bytes, CAPABILITY_SETS } from './testing/packets.ts';

const unsigned = (bits: number): fc.Arbitrary<number> => fc.nat({ max: 2 ** bits - 1 });
const count = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const text = fc.string({ unit: 'grapheme', maxLength: 300 });

const changes: fc.Arbitrary<SessionChanges> = fc.record(
  {
    systemVariables: fc
      .array(fc.tuple(text, text), { minLength: 1, maxLength: 4 })
      .map((pairs): ReadonlyMap<string, string> => new Map(pairs)),
    schema: text,
    stateChanged: fc.boolean(),
    transactionCharacteristics: text,
    transactionState: text,
  },
  { requiredKeys: [] },
);

const okPacket: fc.Arbitrary<OkPacket> = fc.record({
  affectedRows: count,
  lastInsertId: count,
  status: unsigned(16),
  warnings: unsigned(16),
  message: text,
  changes: fc.option(changes),
});

describe('session changes', () => {
  it('survive a round trip', () => {
    fc.assert(
      fc.property(changes, (value) => {
        expect(decodeSessionChanges(encodeSessionChanges(value))).toEqual(value);
      }),
    );
  });

  it('skip entries of kinds that are not known', () => {
    const known = encodeSessionChanges({ schema: 'app' });
    expect(decodeSessionChanges(Buffer.concat([Buffer.of(3, 2, 0, 0), known, Buffer.of(99, 1, 7)]))).toEqual({
      schema: 'app',
    });
  });
});

describe.each(CAPABILITY_SETS)('with capabilities: %s', (_, capabilities) => {
  const tracking = hasCapability(capabilities, CAPABILITY.sessionTrack);

  it('OK packets survive a round trip', () => {
    fc.assert(
      fc.property(okPacket, fc.constantFrom(0x00, 0xfe), (ok, header) => {
        const payload = encodeOk(ok, capabilities, header);
        const kept = tracking ? ok.changes : null;
        const status = kept === null ? ok.status & ~0x4000 : ok.status | 0x4000;
        expect(payload[0]).toBe(header);
        expect(decodeOk(payload, capabilities)).toEqual({ ...ok, status, changes: kept });
      }),
    );
  });

  it('OK packets have the length of their message in front of it, as those of servers', () => {
    const message = 'Records: 2';
    const tail = encodeOk({ ...PLAIN_OK, message }, capabilities).subarray(-message.length - 1);
    expect(tail).toEqual(Buffer.from(`\n${message}`));
  });

  it('ends of rows survive a round trip, and are told from rows', () => {
    fc.assert(
      fc.property(unsigned(16), unsigned(16), (status, warnings) => {
        const payload = encodeEndOfRows({ status, warnings }, capabilities);
        expect(isEndOfRows(payload[0] as number, payload.length, capabilities)).toBe(true);
        const sent = hasCapability(capabilities, CAPABILITY.deprecateEof) ? status & ~0x4000 : status;
        expect(decodeEndOfRows(payload, capabilities)).toEqual({ ...PLAIN_OK, status: sent, warnings });
      }),
    );
  });

  it('a row whose first field is longer than 16 MB is no end', () => {
    expect(isEndOfRows(0xfe, 0xff_ffff, capabilities)).toBe(false);
  });

  it('column definitions survive a round trip', () => {
    const column: fc.Arbitrary<ColumnDefinition> = fc.record({
      schema: text,
      table: text,
      originalTable: text,
      name: text,
      originalName: text,
      collation: unsigned(16),
      length: unsigned(32),
      type: unsigned(8),
      flags: unsigned(16),
      decimals: unsigned(8),
      extended: bytes(40),
    });
    const extended = capabilities.extended !== 0;
    fc.assert(
      fc.property(column, (value) => {
        const decoded = decodeColumn(encodeColumn(value, capabilities), capabilities);
        expect(decoded).toEqual(extended ? value : { ...value, extended: Buffer.alloc(0) });
      }),
    );
  });
});

describe('ERR packets', () => {
  const error = fc.record({
    errno: unsigned(16),
    sqlState: fc.stringMatching(/^[0-9A-Z]{5}$/u),
    message: text,
  });

  it('survive a round trip', () => {
    fc.assert(
      fc.property(error, (value) => {
        expect(decodeError(encodeError(value))).toEqual(value);
      }),
    );
  });

  it('have no SQL state before the handshake', () => {
    const early = encodeEarlyError({ errno: 1040, sqlState: '08004', message: 'Too many connections' });
    expect(decodeError(early)).toEqual({ errno: 1040, sqlState: 'HY000', message: 'Too many connections' });
  });
});

describe('text rows', () => {
  it('survive a round trip', () => {
    fc.assert(
      fc.property(fc.array(fc.option(bytes(400)), { maxLength: 20 }), (fields) => {
        expect(decodeTextRow(encodeTextRow(fields), fields.length)).toEqual(fields);
      }),
    );
  });

  it.each([
    [1, 'more fields'],
    [3, 'are needed'],
  ])('are refused when %i columns are told', (columns, message) => {
    expect(() => decodeTextRow(encodeTextRow([Buffer.from('a'), null]), columns)).toThrow(message);
  });
});
