import type { ServerError } from '../backend/backend-error.ts';
import type { LocalFile } from '../backend/result-sink.ts';
import { FRAME_HEADER, isFullFrame, readFrameLength } from '../wire/frame.ts';
import { ResultTooLargeError } from './collecting-sink.ts';
import type { HoldingSink } from './shard-runner.ts';

/** Room for rows that several answers share. */
export interface RowRoom {
  /** Bytes left. */
  bytes: number;
}

/** Gathers the rows of one result as payloads, within the room that all parts of a statement have together. */
export class RowPayloadsSink implements HoldingSink {
  readonly hasBegun = false;
  failure: { readonly error: ServerError; readonly payload: Buffer } | undefined;
  definitions: readonly Buffer[] = [];
  readonly payloads: Buffer[] = [];
  warnings = 0;
  readonly #room: RowRoom;
  #parts: Buffer[] = [];

  constructor(room: RowRoom) {
    this.#room = room;
  }

  columns(definitions: readonly Buffer[]): void {
    this.definitions = definitions.map((definition) => Buffer.from(definition));
  }

  rows(buffer: Buffer, start: number, end: number): boolean {
    this.#room.bytes -= end - start;
    if (this.#room.bytes < 0) {
      throw new ResultTooLargeError('the rows of all slots together are beyond the limit');
    }
    // One copy for all rows of the piece: the connection uses its buffer again.
    const copy = Buffer.from(buffer.subarray(start, end));
    for (let at = 0; at < copy.length;) {
      const next = at + FRAME_HEADER + readFrameLength(copy, at);
      const part = copy.subarray(at + FRAME_HEADER, next);
      if (isFullFrame(at, next) || this.#parts.length > 0) {
        this.#parts.push(part);
        if (!isFullFrame(at, next)) {
          this.payloads.push(Buffer.concat(this.#parts));
          this.#parts = [];
        }
      } else {
        this.payloads.push(part);
      }
      at = next;
    }
    return true;
  }

  onDrain(callback: () => void): void {
    callback();
  }

  end({ warnings }: { readonly warnings: number }): void {
    this.warnings = warnings;
  }

  ok(): void {
    // A SELECT has a result; of a statement without one there is nothing to gather.
  }

  error(error: ServerError, payload: Buffer): void {
    this.failure = { error, payload };
  }

  localFile(): LocalFile | null {
    return null;
  }
}
