import { createHash } from 'node:crypto';

/** Numbers in [0, 1) that a seed decides, so that a failure can be repeated: a digest of the seed and a count. */
export function seededRandom(seed: number): () => number {
  let count = 0;
  return () => {
    count += 1;
    return createHash('sha256').update(`${seed}/${count}`).digest().readUInt32BE(0) / 2 ** 32;
  };
}
