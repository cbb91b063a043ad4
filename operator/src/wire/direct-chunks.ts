import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * Has each chunk that a socket receives while it flows handed to `take` at once: what a stream does for every chunk beside emitting
 * it (a tick of its own in which it asks for more) costs as much as all of what is done with a short packet. A chunk that comes
 * while the stream is paused, or holds others, goes its usual way, and is emitted as `data`, for which `take` must listen as well.
 * The end, errors and back-pressure are the stream's as ever. Returns what undoes it.
 */
export function takeChunksDirectly(stream: Duplex, take: (chunk: Buffer) => void): () => void {
  if (!(stream instanceof Socket)) return () => {};
  const usual = stream.push.bind(stream);
  const direct = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    if (chunk === null || stream.readableFlowing !== true || stream.readableLength > 0) {
      return usual(chunk, encoding);
    }
    take(chunk);
    return true;
  };
  stream.push = direct;
  return () => {
    stream.push = usual;
  };
}
