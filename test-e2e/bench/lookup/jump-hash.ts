const WORD = 2n ** 64n;
const MULTIPLIER = 2_862_933_555_777_941_757n;

/**
 * Bucket of a key of 64 bits, from 0 to `buckets` - 1. With another bucket, the keys that move all go to that one; which bucket
 * leaves cannot be chosen. Source: John Lamping and Eric Veach, A Fast, Minimal Memory, Consistent Hash Algorithm, 2014.
 */
export function jumpHash(key: bigint, buckets: number): number {
  let state = key;
  let bucket = -1;
  let next = 0;
  while (next < buckets) {
    bucket = next;
    state = (state * MULTIPLIER + 1n) % WORD;
    next = Math.floor((bucket + 1) * (2 ** 31 / (Number(state >> 33n) + 1)));
  }
  return bucket;
}
