/**
 * Framing: a payload travels in frames of a header (3 bytes length, 1 byte sequence number) and at most 2^24 - 1 bytes. A
 * full frame is followed by another of the same payload, which may be empty.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/0-packet
 */

/** Bytes of a frame's header. */
export const FRAME_HEADER = 4;

/** Most payload bytes of one frame. A frame with exactly as many is continued by the next. */
export const MAX_FRAME_PAYLOAD = 0xff_ffff;

/** Receives the frames of a stream. What it throws breaks the stream, and comes back as the cause of `closed`. */
export interface FrameSink {
  /**
   * One whole frame: its header at `start`, its payload from `start + FRAME_HEADER` up to `end`. The bytes may be kept, and
   * the sequence number may be overwritten; frames that arrived together follow each other in one buffer where possible, so
   * that a run of them can be forwarded as one. `end - start - FRAME_HEADER === MAX_FRAME_PAYLOAD` means that the next
   * frame continues this payload.
   */
  frame(buffer: Buffer, start: number, end: number): void;
  /**
   * Asked after a frame behind which others lie in its buffer, from `start` up to `limit`, the last of them perhaps in part. Returns
   * where those end that were taken just now, without a call for each; `start` for none. Whoever cares for their numbers takes none.
   */
  more?(buffer: Buffer, start: number, limit: number): number;
  /** No more frames have arrived for now (or the channel was paused): a run that was held back should be forwarded. */
  settled(): void;
  /** Nothing more will come. `cause` is null when the other side ended the stream between two packets. Called once. */
  closed(cause: Error | null): void;
}

/** Whether the frame from `start` to `end`, header included, is continued by the next. */
export function isFullFrame(start: number, end: number): boolean {
  return end - start === FRAME_HEADER + MAX_FRAME_PAYLOAD;
}

/** Writes a header in front of `length` payload bytes. */
export function writeFrameHeader(buffer: Buffer, at: number, length: number, sequence: number): void {
  buffer[at] = length & 0xff;
  buffer[at + 1] = (length >>> 8) & 0xff;
  buffer[at + 2] = length >>> 16;
  buffer[at + 3] = sequence & 0xff;
}

/** Payload length in the header at `at`. */
export function readFrameLength(buffer: Buffer, at: number): number {
  return (buffer[at] as number) | ((buffer[at + 1] as number) << 8) | ((buffer[at + 2] as number) << 16);
}

/**
 * Gives the whole frames between `start` and `end` new sequence numbers from `sequence` on, in place. Returns the number
 * after the last, not reduced to a byte.
 */
export function renumberFrames(buffer: Buffer, start: number, end: number, sequence: number): number {
  let next = sequence;
  for (let at = start; at < end; at += FRAME_HEADER + readFrameLength(buffer, at)) {
    buffer[at + 3] = next & 0xff;
    next += 1;
  }
  return next;
}

/** Payloads of the whole frames between `start` and `end`, none of which may be full: as views. */
export function payloadsOf(buffer: Buffer, start: number, end: number): Buffer[] {
  const payloads: Buffer[] = [];
  for (let at = start; at < end;) {
    const next = at + FRAME_HEADER + readFrameLength(buffer, at);
    payloads.push(buffer.subarray(at + FRAME_HEADER, next));
    at = next;
  }
  return payloads;
}

/** Parts up to this size are copied behind their header: one small buffer is cheaper to send than two. */
const COPY_LIMIT = 16 * 1024;

/**
 * Appends the frames of one payload to `output`, numbered from `sequence`; large payloads are not copied. Returns the
 * number after the last, not reduced to a byte.
 */
export function framePayload(payload: Buffer, sequence: number, output: Buffer[]): number {
  let next = sequence;
  let at = 0;
  for (;;) {
    const length = Math.min(payload.length - at, MAX_FRAME_PAYLOAD);
    if (length <= COPY_LIMIT) {
      const frame = Buffer.allocUnsafe(FRAME_HEADER + length);
      writeFrameHeader(frame, 0, length, next);
      payload.copy(frame, FRAME_HEADER, at, at + length);
      output.push(frame);
    } else {
      const header = Buffer.allocUnsafe(FRAME_HEADER);
      writeFrameHeader(header, 0, length, next);
      output.push(header, payload.subarray(at, at + length));
    }
    next += 1;
    at += length;
    if (length < MAX_FRAME_PAYLOAD) return next;
  }
}
