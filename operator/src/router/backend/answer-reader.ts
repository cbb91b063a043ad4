import { FRAME_HEADER, isFullFrame } from '../../wire/frame.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';

/** Reads the answer to one command, frame by frame. What it throws breaks the connection. */
export interface AnswerReader {
  /** The next frame, header included. @returns whether the answer is complete. */
  frame(buffer: Buffer, start: number, end: number): boolean;
  /** See FrameSink; none that completes the answer is taken. */
  more?(buffer: Buffer, start: number, limit: number): number;
  /** No more frames have arrived for now. */
  settled(): void;
}

/** Throws ProtocolError unless the frame holds all of its payload: nothing but a row has 16 MiB. */
export function expectWholePayload(start: number, end: number): void {
  if (end - start === FRAME_HEADER || isFullFrame(start, end)) {
    throw new ProtocolError(
      'malformed',
      `a packet of ${end - start - FRAME_HEADER} bytes where an answer begins or ends`,
    );
  }
}

/** The payload of a frame that must hold all of it. Throws as {@link expectWholePayload}. */
export function wholePayload(buffer: Buffer, start: number, end: number): Buffer {
  expectWholePayload(start, end);
  return buffer.subarray(start + FRAME_HEADER, end);
}
