/**
 * Values of the binary protocol.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/4-server-response-packets/resultset-row#binary-resultset-row
 */
import { assertNever } from '../runtime/assert-never.ts';
import type { PayloadReader } from './payload-reader.ts';
import type { PayloadWriter } from './payload-writer.ts';
import { ProtocolError } from './protocol-error.ts';
import { shapeOf, type ValueType, type WireDateTime, type WireTime, type WireValue } from './wire-value.ts';

/** Reads one value that is not NULL. Bytes are views of the payload. */
export function readValue(reader: PayloadReader, { type, unsigned }: ValueType): WireValue {
  const shape = shapeOf(type);
  switch (shape) {
    case 'int8':
      return unsigned ? reader.uint8() : reader.int8();
    case 'int16':
      return unsigned ? reader.uint16() : reader.int16();
    case 'int32':
      return unsigned ? reader.uint32() : reader.int32();
    case 'int64':
      return unsigned ? reader.uint64() : reader.int64();
    case 'float':
      return reader.float();
    case 'double':
      return reader.double();
    case 'datetime':
      return readDateTime(reader);
    case 'time':
      return readTime(reader);
    case 'null':
      return null;
    case 'bytes':
      return reader.lengthEncodedBytes();
    default:
      return assertNever(shape);
  }
}

/** Writes one value that is not NULL. A value of another shape than its type's is a TypeError. */
export function writeValue(writer: PayloadWriter, { type }: ValueType, value: WireValue): void {
  const shape = shapeOf(type);
  if (typeof value === 'number') writeNumber(writer, shape, value);
  else if (typeof value === 'bigint' && shape === 'int64') writer.uint64(BigInt.asUintN(64, value));
  else if (Buffer.isBuffer(value) && shape === 'bytes') writer.lengthEncodedBytes(value);
  else if (isKind(value, 'datetime') && shape === 'datetime') writeDateTime(writer, value);
  else if (isKind(value, 'time') && shape === 'time') writeTime(writer, value);
  else throw new TypeError(`a value does not fit its type ${String(type)}`);
}

function writeNumber(writer: PayloadWriter, shape: ReturnType<typeof shapeOf>, value: number): void {
  if (shape === 'int8') writer.uint8(value & 0xff);
  else if (shape === 'int16') writer.uint16(value & 0xffff);
  else if (shape === 'int32') writer.uint32(value >>> 0);
  else if (shape === 'float') writer.float(value);
  else if (shape === 'double') writer.double(value);
  else throw new TypeError(`a number does not fit ${shape}`);
}

function isKind<Kind extends 'datetime' | 'time'>(
  value: WireValue,
  kind: Kind,
): value is Extract<WireValue, { kind: Kind }> {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}

function readDateTime(reader: PayloadReader): WireDateTime {
  const length = reader.uint8();
  if (length !== 0 && length !== 4 && length !== 7 && length !== 11) {
    throw new ProtocolError('malformed', `a date has ${String(length)} bytes`);
  }
  return {
    kind: 'datetime',
    year: length >= 4 ? reader.uint16() : 0,
    month: length >= 4 ? reader.uint8() : 0,
    day: length >= 4 ? reader.uint8() : 0,
    hour: length >= 7 ? reader.uint8() : 0,
    minute: length >= 7 ? reader.uint8() : 0,
    second: length >= 7 ? reader.uint8() : 0,
    microsecond: length === 11 ? reader.uint32() : 0,
  };
}

function writeDateTime(writer: PayloadWriter, value: WireDateTime): void {
  const time = value.hour !== 0 || value.minute !== 0 || value.second !== 0;
  const date = value.year !== 0 || value.month !== 0 || value.day !== 0;
  const withTime = time || value.microsecond !== 0;
  if (!date && !withTime) {
    writer.uint8(0);
    return;
  }
  writer.uint8(value.microsecond !== 0 ? 11 : withTime ? 7 : 4);
  writer.uint16(value.year).uint8(value.month).uint8(value.day);
  if (withTime) writer.uint8(value.hour).uint8(value.minute).uint8(value.second);
  if (value.microsecond !== 0) writer.uint32(value.microsecond);
}

function readTime(reader: PayloadReader): WireTime {
  const length = reader.uint8();
  if (length !== 0 && length !== 8 && length !== 12) {
    throw new ProtocolError('malformed', `a time has ${String(length)} bytes`);
  }
  return {
    kind: 'time',
    negative: length > 0 && reader.uint8() !== 0,
    days: length > 0 ? reader.uint32() : 0,
    hours: length > 0 ? reader.uint8() : 0,
    minutes: length > 0 ? reader.uint8() : 0,
    seconds: length > 0 ? reader.uint8() : 0,
    microseconds: length === 12 ? reader.uint32() : 0,
  };
}

function writeTime(writer: PayloadWriter, value: WireTime): void {
  const zero = value.days === 0 && value.hours === 0 && value.minutes === 0 && value.seconds === 0;
  if (zero && value.microseconds === 0) {
    writer.uint8(0);
    return;
  }
  writer.uint8(value.microseconds === 0 ? 8 : 12);
  writer.uint8(value.negative ? 1 : 0).uint32(value.days);
  writer.uint8(value.hours).uint8(value.minutes).uint8(value.seconds);
  if (value.microseconds !== 0) writer.uint32(value.microseconds);
}
