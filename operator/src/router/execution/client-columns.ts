/**
 * Definitions of columns as clients know them: their schema is the keyspace, whatever database of it a server has answered from.
 * Applications use it: updatable results of JDBC look their table up by it.
 */
import { keyspaceNameLength, readDatabaseName } from '../../core/keyspace/database-names.ts';
import type { ColumnDefinition } from '../../wire/column-definition.ts';
import { FRAME_HEADER, readFrameLength, writeFrameHeader } from '../../wire/frame.ts';

/** Asked for names of keyspaces. */
export type KnownKeyspaces = Pick<ReadonlyMap<string, unknown>, 'has'>;

/** Longest name of a schema that may be one of ours, in bytes: longer ones have a longer length in front of them, too. */
const LONGEST_NAME = 64;

/**
 * Renames the schemas in a run of frames, headers included, between `start` and `end`: the packet with the number of columns, then
 * their definitions. In place; returns where the run ends now. The numbers of the frames stay.
 */
export function renameFrames(buffer: Buffer, start: number, end: number, keyspaces: KnownKeyspaces): number {
  let at = start + FRAME_HEADER + readFrameLength(buffer, start);
  let to = at;
  // Where the name of a keyspace stands since the column before, and its length.
  let known = 0;
  let knownLength = 0;
  while (at < end) {
    const next = at + FRAME_HEADER + readFrameLength(buffer, at);
    const schema = schemaAt(buffer, at + FRAME_HEADER);
    const length = ownNameLength(buffer, schema, next);
    if (
      length === 0 ||
      !(
        isSame(buffer, known, schema + 1, knownLength, length) ||
        isKeyspace(keyspaces, buffer, schema, length)
      )
    ) {
      if (to !== at) {
        buffer.copyWithin(to, at, next);
      }
      to += next - at;
    } else {
      const excess = (buffer[schema] as number) - length;
      const rest = schema + 1 + length + excess;
      writeFrameHeader(buffer, at, next - at - FRAME_HEADER - excess, buffer[at + 3] as number);
      buffer[schema] = length;
      known = to + schema + 1 - at;
      knownLength = length;
      to = copyDown(buffer, to, at, rest - excess);
      buffer.copyWithin(to, rest, next);
      to += next - rest;
    }
    at = next;
  }
  return to;
}

/** A few bytes cost less by themselves than by a call. */
function copyDown(buffer: Buffer, to: number, from: number, end: number): number {
  const distance = from - to;
  if (distance > 0) {
    for (let at = from; at < end; at += 1) {
      buffer[at - distance] = buffer[at] as number;
    }
  }
  return end - distance;
}

function isSame(buffer: Buffer, one: number, other: number, oneLength: number, length: number): boolean {
  if (oneLength !== length) {
    return false;
  }
  for (let index = 0; index < length; index += 1) {
    if (buffer[one + index] !== buffer[other + index]) {
      return false;
    }
  }
  return true;
}

/** The payload of a definition with the schema renamed; the same one where it is not ours. The given bytes are not changed. */
export function renameDefinition(payload: Buffer, keyspaces: KnownKeyspaces): Buffer {
  const schema = schemaAt(payload, 0);
  const length = ownNameLength(payload, schema, payload.length);
  if (length === 0 || !isKeyspace(keyspaces, payload, schema, length)) {
    return payload;
  }
  const kept = schema + 1 + length;
  const rest = schema + 1 + (payload[schema] as number);
  const renamed = Buffer.concat([payload.subarray(0, kept), payload.subarray(rest)]);
  renamed[schema] = length;
  return renamed;
}

/** The same for a definition that was read. */
export function renameColumn(column: ColumnDefinition, keyspaces: KnownKeyspaces): ColumnDefinition {
  const keyspace = readDatabaseName(column.schema)?.keyspace;
  return keyspace !== undefined && keyspaces.has(keyspace) ? { ...column, schema: keyspace } : column;
}

/** Where the length of the schema's name is in a definition that begins at `payload`: behind the catalog, which is always `def`. */
function schemaAt(buffer: Buffer, payload: number): number {
  return payload + 1 + (buffer[payload] as number);
}

/** Length of what may be a keyspace's name in front of the schema's; 0 for none, and where the definition, up to `end`, is malformed. */
function ownNameLength(buffer: Buffer, schema: number, end: number): number {
  const length = schema < end ? (buffer[schema] as number) : 0;
  return length > LONGEST_NAME || schema + length >= end
    ? 0
    : keyspaceNameLength(buffer, schema + 1, schema + 1 + length);
}

function isKeyspace(keyspaces: KnownKeyspaces, buffer: Buffer, schema: number, length: number): boolean {
  return keyspaces.has(buffer.toString('latin1', schema + 1, schema + 1 + length));
}
