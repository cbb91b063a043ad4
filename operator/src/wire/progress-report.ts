import { PayloadReader } from './payload-reader.ts';
import { PayloadWriter } from './payload-writer.ts';
import { ERROR_HEADER } from './server-error.ts';

/** Number of an error that is none. */
const PROGRESS_NUMBER = 0xffff;

/** How far a statement is, as a server tells it before its answer. */
export interface ProgressReport {
  /** What is done, in a few words. */
  readonly text: string;
  /** From 0 to 100. */
  readonly percent: number;
}

/**
 * The payload of a progress report, for clients with {@link EXTENDED_CAPABILITY.progress}: of the only stage that there is.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/4-server-response-packets/err_packet
 */
export function encodeProgress({ text, percent }: ProgressReport): Buffer {
  return new PayloadWriter(16 + text.length)
    .uint8(ERROR_HEADER)
    .uint16(PROGRESS_NUMBER)
    .uint8(1)
    .uint8(1)
    .uint8(1)
    .uint24(Math.round(percent * 1000))
    .lengthEncodedBytes(text)
    .finish();
}

/** Reads such a payload; undefined for any other. */
export function decodeProgress(payload: Buffer): ProgressReport | undefined {
  if (payload.length < 9 || payload[0] !== ERROR_HEADER || payload.readUInt16LE(1) !== PROGRESS_NUMBER) {
    return undefined;
  }
  const percent = payload.readUIntLE(6, 3) / 1000;
  return { text: new PayloadReader(payload, 9).lengthEncodedBytes().toString('utf8'), percent };
}
