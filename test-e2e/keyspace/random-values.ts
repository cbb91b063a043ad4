/** A source of numbers in [0, 1). */
export type Random = () => number;

/**
 * Numbers that a seed decides, so that a failure can be repeated, and millions of them a second. Source: the generator
 * "mulberry32" of Tommy Ettinger, in the public domain.
 */
export function quickRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An integer from 0 to `limit` - 1. */
export function randomInteger(random: Random, limit: bigint): bigint {
  let value = 0n;
  for (let range = 1n; range < limit; range *= 2n ** 32n) {
    value = value * 2n ** 32n + BigInt(Math.floor(random() * 2 ** 32));
  }
  return value % limit;
}

/** So many bytes. */
export function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
}

/** One of several. */
export function pick<Choice>(random: Random, choices: readonly [Choice, ...Choice[]]): Choice {
  return choices[Math.floor(random() * choices.length)] ?? choices[0];
}

/** Letters, digits and signs of ASCII; now and then a character of any other kind. */
export function randomText(random: Random, maxLength: number): string {
  const length = Math.floor(random() * maxLength);
  const hasOthers = random() < 0.2;
  const characters = Array.from({ length }, () => {
    const kind = random();
    if (!hasOthers || kind < 0.6) {
      return String.fromCharCode(0x20 + Math.floor(random() * 0x5f));
    }
    if (kind < 0.65) {
      return String.fromCharCode(Math.floor(random() * 0x20));
    }
    // Characters of two, three and four bytes; no halves of pairs.
    const [first, count] = pick(random, [
      [0xa0, 0x500],
      [0x3000, 0x2000],
      [0x1f300, 0x300],
    ]);
    return String.fromCodePoint(first + Math.floor(random() * count));
  });
  return characters.join('');
}
