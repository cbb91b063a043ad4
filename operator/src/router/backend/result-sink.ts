/**
 * What a server's answer is given to, while it arrives. Only the packets that begin and end results are understood; rows
 * are the bytes that the server sent.
 *
 * An answer is one or more results; each is `ok`, or `columns`, any number of `rows`, and `end`; or `error`, which ends the
 * answer, instead of any of these or after some rows.
 */
import type { ServerError } from './backend-error.ts';
import type { Completion } from './outcome.ts';

/** Where the file of a LOAD DATA LOCAL comes from: its bytes in pieces of any size. */
export type LocalFile = AsyncIterable<Buffer>;

/** Takes an answer. A method that throws makes the connection be given up, and the request fail with `Aborted`. */
export interface ResultSink {
  /** The columns of a result: payloads of their definitions, without headers. Not called for a fetch. */
  columns(definitions: readonly Buffer[]): void;

  /**
   * Instead of `columns`, for a receiver that sends them on: the same as frames, headers included, between `start` and `end` of
   * `buffer`, the packet with their number first. The bytes are the receiver's from here on. Called only where all of them have
   * arrived in one piece, as nearly always.
   */
  columnFrames?(buffer: Buffer, start: number, end: number): void;

  /**
   * Rows of the present result: whole frames, headers included, between `start` and `end` of `buffer`, with the numbers that
   * the server gave them; a row of 16 MiB and more takes several frames, not necessarily of one call. The bytes are the
   * receiver's from here on: frames may be renumbered in place.
   * @returns false when the receiver has enough for now: nothing more comes (except from what has arrived already: at most
   * one buffer), and the server is slowed down, until `onDrain` calls back.
   */
  rows(buffer: Buffer, start: number, end: number): boolean;

  /** Calls back, once, when there is room again. Asked for after `rows` returned false. */
  onDrain(callback: () => void): void;

  /** The rows of a result are over. `payload` is the packet: an OK packet whose first byte is 0xFE. */
  end(completion: Completion, payload: Buffer): void;

  /** A result without rows. `payload` is the OK packet. */
  ok(completion: Completion, payload: Buffer): void;

  /** The server's error. `payload` is the packet. */
  error(error: ServerError, payload: Buffer): void;

  /**
   * The server asks for a file of the client (LOAD DATA LOCAL); `payload` is the packet. The bytes are sent on as fast as the
   * server takes them; an iteration that throws makes the connection be given up. Null refuses: the server gets an empty file.
   */
  localFile(name: Buffer, payload: Buffer): LocalFile | null;
}
