import { readValue, writeValue } from './binary-value.ts';
import { PayloadReader } from './payload-reader.ts';
import { PayloadWriter } from './payload-writer.ts';
import { ProtocolError } from './protocol-error.ts';
import type { ValueType, WireValue } from './wire-value.ts';

/** The first two bits of a row's NULL bitmap are not used. */
const ROW_BITMAP_OFFSET = 2;

/** The values of a row of a prepared statement's result. Bytes are views of the payload. */
export function decodeBinaryRow(payload: Buffer, columns: readonly ValueType[]): WireValue[] {
  const reader = new PayloadReader(payload);
  if (reader.uint8() !== 0) throw new ProtocolError('malformed', 'no binary row');
  const nulls = reader.bytes((columns.length + 7 + ROW_BITMAP_OFFSET) >>> 3);
  const values = columns.map((column, index) => {
    const bit = index + ROW_BITMAP_OFFSET;
    const isNull = ((nulls[bit >>> 3] as number) & (1 << (bit & 7))) !== 0;
    return isNull ? null : readValue(reader, column);
  });
  if (reader.remaining > 0) throw new ProtocolError('malformed', 'a row has more values than columns');
  return values;
}

/** A row's payload for the result of a prepared statement. A value that does not fit its column is a TypeError. */
export function encodeBinaryRow(values: readonly WireValue[], columns: readonly ValueType[]): Buffer {
  const nulls = Buffer.alloc((columns.length + 7 + ROW_BITMAP_OFFSET) >>> 3);
  const body = new PayloadWriter(16 + columns.length * 8);
  for (const [index, column] of columns.entries()) {
    const value = values[index] ?? null;
    if (value === null) {
      const bit = index + ROW_BITMAP_OFFSET;
      nulls[bit >>> 3] = (nulls[bit >>> 3] as number) | (1 << (bit & 7));
    } else writeValue(body, column, value);
  }
  return Buffer.concat([Buffer.of(0), nulls, body.finish()]);
}
