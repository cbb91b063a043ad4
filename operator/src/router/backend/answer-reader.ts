import { FRAME_HEADER, isFullFrame } from '../wire/frame.ts';
import { ProtocolError } from '../wire/protocol-error.ts';

/** Reads the answer to one command, frame by frame. What it throws breaks the connection. */
export interface AnswerReader {
  /** The next frame, header included. @returns whether the answer is complete. */
  frame(buffer: Buffer, start: number, end: number): boolean;
  /** No more frames have arrived for now. */
  settled(): void;
}

/** The payload of a frame that must hold all of it: nothing but a row has 16 MiB. Throws ProtocolError. */
export function wholePayload(buffer: Buffer, start: number, end: number): Buffer {
  if (end - start === FRAME_HEADER || isFullFrame(start, end)) {
    throw new ProtocolError(
      'malformed',
      `a packet of ${end - start - FRAME_HEADER} bytes where an answer begins or ends`,
    );
  }
  return buffer.subarray(start + FRAME_HEADER, end);
}
