import { PayloadReader } from './payload-reader.ts';
import { lengthEncodedSize, PayloadWriter } from './payload-writer.ts';
import { ProtocolError } from './protocol-error.ts';

/** The fields of a text row, as views of the payload; null for NULL. */
export function decodeTextRow(payload: Buffer, columns: number): (Buffer | null)[] {
  const reader = new PayloadReader(payload);
  const fields: (Buffer | null)[] = [];
  for (let index = 0; index < columns; index += 1) fields.push(reader.nullableBytes());
  if (reader.remaining > 0) throw new ProtocolError('malformed', 'a row has more fields than columns');
  return fields;
}

/** A text row's payload. */
export function encodeTextRow(fields: readonly (Uint8Array | null)[]): Buffer {
  let size = 0;
  for (const field of fields) size += field === null ? 1 : lengthEncodedSize(field.length) + field.length;
  const writer = new PayloadWriter(size);
  for (const field of fields) writer.nullableBytes(field);
  return writer.finish();
}
