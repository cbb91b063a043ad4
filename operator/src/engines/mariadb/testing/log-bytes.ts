/** Files of a binary or relay log, byte by byte. */
import { LOG_MAGIC } from '../log-events.ts';

/** An event with a header and, as the format description below says, a checksum, which nobody looks at. */
export function event(type: number, body: Buffer, server = 1): Buffer {
  const header = Buffer.alloc(19);
  header.writeUInt8(type, 4);
  header.writeUInt32LE(server, 5);
  header.writeUInt32LE(19 + body.length + 4, 9);
  return Buffer.concat([header, body, Buffer.alloc(4)]);
}

/** Says how the other events of a file are to be read: with checksums. */
export const formatDescription = event(15, Buffer.concat([Buffer.alloc(80), Buffer.from([1])]));
/** Ends a transaction. */
export const transactionEnd = event(16, Buffer.alloc(8));
/** Changes of rows, more than are read at a time. */
export const rows = event(23, Buffer.alloc(300_000));

/** What came before a file: domain, server, sequence. */
export function gtidList(...gtids: readonly (readonly [number, number, number])[]): Buffer {
  const body = Buffer.alloc(4 + 16 * gtids.length);
  // The four high bits are flags.
  body.writeUInt32LE((gtids.length | 0x1000_0000) >>> 0, 0);
  gtids.forEach(([domain, server, sequence], index) => {
    body.writeUInt32LE(domain, 4 + index * 16);
    body.writeUInt32LE(server, 8 + index * 16);
    body.writeBigUInt64LE(BigInt(sequence), 12 + index * 16);
  });
  return event(163, body);
}

/** Begins a transaction. */
export function gtid(sequence: number, { server = 1, standalone = false } = {}): Buffer {
  const body = Buffer.alloc(19);
  body.writeBigUInt64LE(BigInt(sequence), 0);
  body.writeUInt32LE(0, 8);
  body.writeUInt8(standalone ? 1 : 0, 12);
  return event(162, body, server);
}

/** A statement, as text. */
export function statement(text: string): Buffer {
  const body = Buffer.alloc(13);
  body.writeUInt8(4, 8);
  body.writeUInt16LE(6, 11);
  return event(2, Buffer.concat([body, Buffer.alloc(6), Buffer.from('test\0'), Buffer.from(text)]));
}

/** Says of which table the rows that follow are. */
export function tableMap(schema: string): Buffer {
  const name = Buffer.from(schema);
  return event(19, Buffer.concat([Buffer.alloc(8), Buffer.from([name.length]), name, Buffer.alloc(20)]));
}

/** A file of a log. */
export function logOf(...events: readonly Buffer[]): Buffer {
  return Buffer.concat([LOG_MAGIC, formatDescription, ...events]);
}
