import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BASE_CAPABILITIES } from '../../wire/capabilities.ts';
import {
  type ColumnDefinition,
  decodeColumn,
  encodeColumn,
  encodeColumnCount,
  textColumn,
} from '../../wire/column-definition.ts';
import { framePayload, payloadsOf } from '../../wire/frame.ts';
import { nameText } from '../../wire/testing/packets.ts';
import { renameColumn, renameDefinition, renameFrames } from './client-columns.ts';

const KEYSPACES = new Set(['app', 'a', 'shop_s']);

const SCHEMAS: readonly (readonly [given: string, told: string])[] = [
  ['app_s0001', 'app'],
  ['app_s16383', 'app'],
  ['app$shared', 'app'],
  ['app$single', 'app'],
  ['a_s0000', 'a'],
  ['shop_s_s0007', 'shop_s'],
  ['app', 'app'],
  ['', ''],
  ['app_s00042', 'app_s00042'],
  ['app_s123456', 'app_s123456'],
  ['other_s0001', 'other_s0001'],
  ['other$shared', 'other$shared'],
  ['information_schema', 'information_schema'],
  ['ä'.repeat(64), 'ä'.repeat(64)],
];

const column: fc.Arbitrary<ColumnDefinition> = fc
  .tuple(fc.constantFrom(...SCHEMAS), nameText, nameText, fc.nat(65_535))
  .map(([[schema], table, name, flags]) => ({
    ...textColumn(name),
    schema,
    table,
    originalTable: table,
    originalName: name,
    flags,
  }));

function told(given: ColumnDefinition): ColumnDefinition {
  const schema = SCHEMAS.find(([name]) => name === given.schema)?.[1] ?? '';
  return { ...given, schema };
}

describe('columns as clients know them', () => {
  it.each(SCHEMAS)('the schema "%s" is told as "%s"', (schema, expected) => {
    expect(renameColumn({ ...textColumn('c'), schema }, KEYSPACES).schema).toBe(expected);
  });

  it('a definition keeps everything but its schema, and so do the given bytes', () => {
    fc.assert(
      fc.property(column, (given) => {
        const payload = encodeColumn(given, BASE_CAPABILITIES);
        const before = Buffer.from(payload);
        const renamed = renameDefinition(payload, KEYSPACES);
        expect(decodeColumn(renamed, BASE_CAPABILITIES)).toEqual(told(given));
        expect(payload.equals(before)).toBe(true);
      }),
    );
  });

  it('a run of frames keeps everything but the schemas, wherever it lies', () => {
    fc.assert(
      fc.property(fc.array(column, { maxLength: 12 }), fc.nat(20), (given, offset) => {
        const frames: Buffer[] = [];
        const payloads = [
          encodeColumnCount(given.length),
          ...given.map((each) => encodeColumn(each, BASE_CAPABILITIES)),
        ];
        payloads.forEach((payload, index) => framePayload(payload, index + 1, frames));
        const row = Buffer.from('the rows behind it');
        const buffer = Buffer.concat([Buffer.alloc(offset, 0xff), ...frames, row]);
        const end = buffer.length - row.length;
        const renamedEnd = renameFrames(buffer, offset, end, KEYSPACES);
        const [count, ...definitions] = payloadsOf(buffer, offset, renamedEnd);
        expect(count).toEqual(payloads[0]);
        expect(definitions.map((each) => decodeColumn(each, BASE_CAPABILITIES))).toEqual(given.map(told));
        expect(buffer.subarray(end)).toEqual(row);
        expect(buffer.subarray(0, offset).every((byte) => byte === 0xff)).toBe(true);
      }),
    );
  });

  it('a malformed definition stays as it is', () => {
    for (const payload of [Buffer.alloc(0), Buffer.of(3), Buffer.from('\u0003def\u0009app_s000')]) {
      expect(renameDefinition(payload, KEYSPACES)).toBe(payload);
    }
  });
});
