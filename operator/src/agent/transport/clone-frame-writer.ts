import { Writable } from 'node:stream';
import { releaseMemory } from '../../runtime/release-memory.ts';
import { FRAME_LENGTH_BYTES } from '../protocol/clone.ts';

/** One write for as much as came while the one before was under way; TLS encrypts it without another copy. */
const GATHERED_BYTES = 256 * 1024;

/**
 * Puts what is written to it into frames and writes these to `target`, which stays open. What has been taken is given
 * back: it must not be used by anybody else.
 */
export function createCloneFrameWriter(target: Writable, onWritten: (bytes: number) => void): Writable {
  const room = Buffer.allocUnsafeSlow(FRAME_LENGTH_BYTES + GATHERED_BYTES);
  /** Writes as many whole pieces as fit, or what fits of the first, and then the others. */
  const send = (pieces: readonly Buffer<ArrayBuffer>[], done: (error?: Error | null) => void): void => {
    const rest = [...pieces];
    let length = 0;
    for (let piece = rest[0]; piece !== undefined && length < GATHERED_BYTES; piece = rest[0]) {
      const taken = piece.copy(room, FRAME_LENGTH_BYTES + length);
      length += taken;
      if (taken < piece.length) {
        rest[0] = piece.subarray(taken);
      } else {
        rest.shift();
        releaseMemory(piece);
      }
    }
    if (length === 0) {
      // It would announce the verdict.
      done();
      return;
    }
    room.writeUInt32BE(length, 0);
    onWritten(length);
    // `room` is used again only after the kernel has taken all of it.
    target.write(room.subarray(0, FRAME_LENGTH_BYTES + length), (error) => {
      if (error || rest.length === 0) {
        done(error);
      } else {
        send(rest, done);
      }
    });
  };
  return new Writable({
    highWaterMark: GATHERED_BYTES,
    write: (chunk: Buffer<ArrayBuffer>, _encoding, done) => send([chunk], done),
    writev: (chunks, done) =>
      send(
        chunks.map(({ chunk }) => chunk as Buffer<ArrayBuffer>),
        done,
      ),
  });
}
