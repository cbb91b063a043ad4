/**
 * How a clone travels: as the body of an answer of HTTP, in frames of our own, over a connection that serves nothing
 * else. A frame is four bytes with its length, big-endian, and then so many bytes of the copy. After a frame of length 0
 * comes the verdict: its length in the same form, and itself as JSON. The end of the connection proves nothing, since a
 * process that dies closes its connections as well: only the verdict `complete` with the right number of bytes does,
 * which the source writes after the copy has succeeded.
 *
 * HTTP's own chunks and trailers would do the same, but Node.js spends as much time on taking them apart as on all the rest.
 */
import { z } from 'zod';

/** Request header: the pod that asks. */
export const CLONE_POD_HEADER = 'shardwright-pod';
/** Header: about how many bytes will come, for progress. */
export const CLONE_ESTIMATE_HEADER = 'shardwright-clone-estimated-bytes';

/** Bytes of the length before a frame. */
export const FRAME_LENGTH_BYTES = 4;
/** Most bytes of a frame: a reader makes room for all of it at once. */
export const FRAME_LIMIT_BYTES = 1 << 20;

const ERROR_CHARACTERS = 1000;

const verdictSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('complete'), bytes: z.int().nonnegative() }),
  z.object({ outcome: z.literal('failed'), message: z.string() }),
]);

/** What the source says of the copy in the end. */
export type CloneVerdict = z.output<typeof verdictSchema>;

/** The end of the body. */
export function formatVerdict(verdict: CloneVerdict): Buffer {
  const text = Buffer.from(JSON.stringify(shorten(verdict)));
  const lengths = Buffer.alloc(2 * FRAME_LENGTH_BYTES);
  lengths.writeUInt32BE(text.length, FRAME_LENGTH_BYTES);
  return Buffer.concat([lengths, text]);
}

/** Reads the JSON of a verdict. Throws when it is none. */
export function parseVerdict(text: string): CloneVerdict {
  return verdictSchema.parse(JSON.parse(text));
}

function shorten(verdict: CloneVerdict): CloneVerdict {
  return verdict.outcome === 'failed'
    ? { ...verdict, message: verdict.message.toWellFormed().slice(0, ERROR_CHARACTERS) }
    : verdict;
}
