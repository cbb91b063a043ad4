import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { PayloadReader } from './payload-reader.ts';
import { lengthEncodedSize, PayloadWriter } from './payload-writer.ts';
import { bytes, nameText } from './testing/packets.ts';

describe('PayloadWriter and PayloadReader', () => {
  it('read what was written, whatever the size of the first buffer', () => {
    const fields = fc.record({
      size: fc.nat({ max: 8 }),
      small: fc.nat({ max: 0xff }),
      medium: fc.nat({ max: 0xff_ffff }),
      large: fc.nat({ max: 0xffff_ffff }),
      huge: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      signed: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      double: fc.double({ noNaN: true }),
      name: nameText,
      data: bytes(70_000),
      rest: bytes(),
    });
    fc.assert(
      fc.property(fields, (value) => {
        const payload = new PayloadWriter(value.size)
          .uint8(value.small)
          .uint16(value.small)
          .uint24(value.medium)
          .uint32(value.large)
          .uint64(value.huge)
          .int64(value.signed)
          .double(value.double)
          .float(Math.fround(value.double))
          .zeros(3)
          .nulTerminated(value.name)
          .lengthEncoded(value.medium)
          .lengthEncoded(value.huge)
          .lengthEncodedBytes(value.data)
          .nullableBytes(null)
          .nullableBytes(value.data)
          .bytes(value.rest)
          .finish();
        const reader = new PayloadReader(payload);
        expect(reader.uint8()).toBe(value.small);
        expect(reader.uint16()).toBe(value.small);
        expect(reader.uint24()).toBe(value.medium);
        expect(reader.uint32()).toBe(value.large);
        expect(reader.uint64()).toBe(value.huge);
        expect(reader.int64()).toBe(value.signed);
        expect(reader.double()).toBe(value.double);
        expect(reader.float()).toBe(Math.fround(value.double));
        expect(reader.bytes(3)).toEqual(Buffer.alloc(3));
        expect(reader.nulTerminated().toString()).toBe(value.name);
        expect(reader.lengthEncoded()).toBe(value.medium);
        expect(reader.lengthEncodedBigint()).toBe(value.huge);
        expect(reader.lengthEncodedBytes().equals(value.data)).toBe(true);
        expect(reader.nullableBytes()).toBeNull();
        expect(reader.nullableBytes()?.equals(value.data)).toBe(true);
        expect(reader.rest().equals(value.rest)).toBe(true);
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  it.each([
    [0, 1],
    [250, 1],
    [251, 3],
    [0xffff, 3],
    [0x1_0000, 4],
    [0xff_ffff, 4],
    [0x100_0000, 9],
  ])('encodes the length %i in %i bytes', (value, size) => {
    const payload = new PayloadWriter().lengthEncoded(value).finish();
    expect(payload).toHaveLength(size);
    expect(lengthEncodedSize(value)).toBe(size);
    expect(new PayloadReader(payload).lengthEncoded()).toBe(value);
  });

  it.each([
    ['a number', [1], (reader: PayloadReader) => reader.uint16()],
    ['bytes', [9, 1, 2], (reader: PayloadReader) => reader.lengthEncodedBytes()],
    ['a text without an end', [65, 66], (reader: PayloadReader) => reader.nulTerminated()],
    ['a length that is NULL', [0xfb], (reader: PayloadReader) => reader.lengthEncoded()],
    ['a length that is none', [0xff], (reader: PayloadReader) => reader.lengthEncoded()],
    [
      'a length beyond all memory',
      [0xfe, 0, 0, 0, 0, 0, 0, 0, 1],
      (reader: PayloadReader) => reader.lengthEncoded(),
    ],
    [
      'more than is there',
      [0xfe, 0, 0, 0, 0, 1, 0, 0, 0],
      (reader: PayloadReader) => reader.lengthEncodedBytes(),
    ],
  ])('refuses %s as malformed', (_, payload, read) => {
    expect(() => read(new PayloadReader(Buffer.from(payload)))).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    );
  });

  it('does not look beyond its end', () => {
    const reader = new PayloadReader(Buffer.from([1, 65, 0, 66]), 0, 2);
    expect(reader.uint8()).toBe(1);
    expect(() => reader.nulTerminated()).toThrow('zero byte');
    expect(reader.nulTerminatedOrRest().toString()).toBe('A');
  });
});
