/**
 * Commands and answers of prepared statements.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/3-binary-protocol-prepared-statements
 */
import { COLUMN_TYPE } from './column-type.ts';
import { COMMAND } from './command-code.ts';
import { readValue, writeValue } from './binary-value.ts';
import { PayloadReader } from './payload-reader.ts';
import { PayloadWriter } from './payload-writer.ts';
import { ProtocolError } from './protocol-error.ts';
import type { ValueType, WireValue } from './wire-value.ts';

/** A parameter of this type is NULL, whatever the bitmap says. */
const NULL = COLUMN_TYPE.null;

/** Mark of an unsigned type, in the byte after the type. */
const UNSIGNED = 0x80;

/**
 * Types that a column can have and a parameter cannot: for these, MariaDB 10.11 and 11.8 read no value at all (as tried
 * on both), so that whoever reads one there takes everything behind it for something else.
 */
const COLUMN_ONLY: ReadonlySet<number> = new Set([
  COLUMN_TYPE.int24,
  COLUMN_TYPE.year,
  COLUMN_TYPE.bit,
  COLUMN_TYPE.geometry,
]);

/** Whether a parameter may have this type. */
export function isParameterType(type: number): boolean {
  return !COLUMN_ONLY.has(type);
}

/** COM_STMT_EXECUTE. */
export interface Execution {
  readonly statementId: number;
  /** The cursor that the client would like: 1 to read, 2 for update, 4 to scroll, added up; 0 for none. */
  readonly cursor: number;
  /** One for each parameter. */
  readonly types: readonly ValueType[];
  /** The packet has the types itself; otherwise they are those of the execution before. */
  readonly typesSent: boolean;
  /** One for each parameter; null for NULL, and undefined where the value came by COM_STMT_SEND_LONG_DATA. */
  readonly values: readonly (WireValue | undefined)[];
  /** Where the values are in the payload. */
  readonly valueBytes: { readonly start: number; readonly end: number };
}

/**
 * Reads COM_STMT_EXECUTE. `previousTypes`: of the statement's execution before, empty for the first; `isLong` tells which
 * parameters have got their value by COM_STMT_SEND_LONG_DATA. Bytes are views of the payload. A type that is none
 * for parameters ({@link isParameterType}) is a {@link ProtocolError} (`unsupported`).
 */
export function decodeExecute(
  payload: Buffer,
  parameters: number,
  previousTypes: readonly ValueType[],
  isLong: (parameter: number) => boolean,
): Execution {
  const reader = new PayloadReader(payload, 1);
  const statementId = reader.uint32();
  const cursor = reader.uint8();
  reader.skip(4);
  if (parameters === 0) {
    return { statementId, cursor, types: [], typesSent: false, values: [], valueBytes: { start: 0, end: 0 } };
  }
  const nullsStart = payload.length - reader.remaining;
  reader.skip((parameters + 7) >>> 3);
  const typesSent = reader.uint8() === 1;
  const types = typesSent ? readTypes(reader, parameters, previousTypes) : previousTypes;
  if (types.length !== parameters)
    throw new ProtocolError('malformed', 'an execution lacks the types of its parameters');
  const start = payload.length - reader.remaining;
  const values = types.map((type, index) => {
    if (isLong(index)) return undefined;
    const isNull = ((payload[nullsStart + (index >>> 3)] as number) & (1 << (index & 7))) !== 0;
    return isNull ? null : readValue(reader, type);
  });
  const valueBytes = { start, end: payload.length - reader.remaining };
  return { statementId, cursor, types, typesSent, values, valueBytes };
}

/** Code, statement, cursor and number of iterations, in front of the bitmap of NULLs. */
const NULLS_START = 10;
/** Code and statement. */
const STATEMENT_ID_END = 5;

/**
 * What follows the statement's number in a COM_STMT_EXECUTE that says the same as `payload`, which `execution` was read from: without a
 * cursor, and with the types. `values`: those of the execution, and the long ones.
 */
export function encodeExecutionBody(
  payload: Buffer,
  { types, values: sent, valueBytes }: Execution,
  values: readonly WireValue[],
): Buffer {
  const isAsSent = types.length > 0 && !sent.includes(undefined) && types.every(({ type }) => type !== NULL);
  if (!isAsSent) {
    return encodeExecute({ statementId: 0, cursor: 0, types, values }).subarray(STATEMENT_ID_END);
  }
  const nullsEnd = NULLS_START + ((types.length + 7) >>> 3);
  const { start, end } = valueBytes;
  // Copied in place, without views and a writer: this is done for every execution.
  const body = Buffer.allocUnsafe(nullsEnd - STATEMENT_ID_END + 1 + 2 * types.length + end - start);
  body[0] = 0;
  body.writeUInt32LE(1, 1);
  let at = NULLS_START - STATEMENT_ID_END;
  at += payload.copy(body, at, NULLS_START, nullsEnd);
  body[at++] = 1;
  for (const { type, unsigned } of types) {
    body[at++] = type;
    body[at++] = unsigned ? UNSIGNED : 0;
  }
  payload.copy(body, at, start, end);
  return body;
}

/**
 * The payload of COM_STMT_EXECUTE, always with types, unless there are no parameters. The types must be such that
 * parameters can have ({@link isParameterType}).
 */
export function encodeExecute(execution: Omit<Execution, 'typesSent' | 'valueBytes'>): Buffer {
  const { types, values } = execution;
  const writer = new PayloadWriter(64)
    .uint8(COMMAND.statementExecute)
    .uint32(execution.statementId)
    .uint8(execution.cursor)
    .uint32(1);
  if (types.length === 0) return writer.finish();
  const nulls = Buffer.alloc((types.length + 7) >>> 3);
  for (const [index, value] of values.entries()) {
    if (value === null) nulls[index >>> 3] = (nulls[index >>> 3] as number) | (1 << (index & 7));
  }
  writer.bytes(nulls).uint8(1);
  for (const { type, unsigned } of types) writer.uint8(type).uint8(unsigned ? UNSIGNED : 0);
  for (const [index, type] of types.entries()) {
    const value = values[index];
    if (value !== undefined && value !== null) writeValue(writer, type, value);
  }
  return writer.finish();
}

/** COM_STMT_SEND_LONG_DATA: a further part of a parameter's value. */
export interface LongData {
  readonly statementId: number;
  readonly parameter: number;
  readonly data: Buffer;
}

/** Reads COM_STMT_SEND_LONG_DATA. */
export function decodeLongData(payload: Buffer): LongData {
  const reader = new PayloadReader(payload, 1);
  return { statementId: reader.uint32(), parameter: reader.uint16(), data: reader.rest() };
}

/** The payload of COM_STMT_SEND_LONG_DATA. */
export function encodeLongData({ statementId, parameter, data }: LongData): Buffer {
  return new PayloadWriter(data.length + 7)
    .uint8(COMMAND.statementSendLongData)
    .uint32(statementId)
    .uint16(parameter)
    .bytes(data)
    .finish();
}

/** The statement that COM_STMT_CLOSE, COM_STMT_RESET, COM_STMT_FETCH, COM_STMT_EXECUTE or COM_STMT_SEND_LONG_DATA is about. */
export function statementIdOf(payload: Buffer): number {
  // Asked for each execution: the reader is for the payload that is too short.
  return payload.length < STATEMENT_ID_END ? new PayloadReader(payload, 1).uint32() : payload.readUInt32LE(1);
}

/** Writes another statement's id into such a command, in place. */
export function overwriteStatementId(payload: Buffer, statementId: number): void {
  payload.writeUInt32LE(statementId, 1);
}

/** The payload of COM_STMT_CLOSE or COM_STMT_RESET. */
export function encodeStatementCommand(
  code: typeof COMMAND.statementClose | typeof COMMAND.statementReset,
  statementId: number,
): Buffer {
  return new PayloadWriter(5).uint8(code).uint32(statementId).finish();
}

/** The payload of COM_STMT_FETCH. */
export function encodeFetch(statementId: number, rows: number): Buffer {
  return new PayloadWriter(9).uint8(COMMAND.statementFetch).uint32(statementId).uint32(rows).finish();
}

/** How many rows COM_STMT_FETCH wants. */
export function decodeFetchRows(payload: Buffer): number {
  return new PayloadReader(payload, 5).uint32();
}

/** The first packet of the answer to COM_STMT_PREPARE. Definitions of the parameters follow, then of the columns. */
export interface PrepareOk {
  readonly statementId: number;
  readonly columns: number;
  readonly parameters: number;
  readonly warnings: number;
}

/** Reads the first packet of an answer to COM_STMT_PREPARE that is no ERR packet. */
export function decodePrepareOk(payload: Buffer): PrepareOk {
  const reader = new PayloadReader(payload);
  if (reader.uint8() !== 0) throw new ProtocolError('malformed', 'no answer to PREPARE');
  const statementId = reader.uint32();
  const columns = reader.uint16();
  const parameters = reader.uint16();
  reader.skip(1);
  return { statementId, columns, parameters, warnings: reader.remaining >= 2 ? reader.uint16() : 0 };
}

/** That packet's payload. */
export function encodePrepareOk(prepared: PrepareOk): Buffer {
  return new PayloadWriter(12)
    .uint8(0)
    .uint32(prepared.statementId)
    .uint16(prepared.columns)
    .uint16(prepared.parameters)
    .uint8(0)
    .uint16(prepared.warnings)
    .finish();
}

/** Those of the execution before, where they are the same again: as nearly always. */
function readTypes(
  reader: PayloadReader,
  count: number,
  previous: readonly ValueType[],
): readonly ValueType[] {
  let types: ValueType[] | null = previous.length === count ? null : [];
  for (let index = 0; index < count; index += 1) {
    const type = reader.uint8();
    if (!isParameterType(type)) {
      throw new ProtocolError(
        'unsupported',
        `parameters of type ${String(type)}, which MariaDB has for columns only`,
      );
    }
    const unsigned = (reader.uint8() & UNSIGNED) !== 0;
    const before = previous[index];
    if (types === null && (before?.type !== type || before.unsigned !== unsigned)) {
      types = previous.slice(0, index);
    }
    types?.push({ type, unsigned });
  }
  return types ?? previous;
}
