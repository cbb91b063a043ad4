/**
 * The hash of a key: computed alike here and by MariaDB's built-in functions, so that any row can be checked against its
 * slot by SQL. See docs/adr/0007-the-key-hash.md.
 */
import type { CanonicalKey } from './key-literal.ts';

/** Hashes are below this. */
export const HASH_RANGE = 2 ** 32;

/** The polynomial of CRC-32 (ISO 3309, zlib), its bits reversed. */
const POLYNOMIAL = 0xedb88320;

/**
 * The largest prime below 2^32. It leaves the remainder 2 when divided by 3, so that no two numbers below it have the same
 * cube by its remainder.
 */
const PRIME = 4_294_967_291;

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
  }
  return remainder;
});

/**
 * Hash of a key: an integer from 0 to 2^32 - 1. The checksum of similar keys forms patterns, which its cube modulo a prime
 * destroys: what is left cannot be told from chance.
 */
export function hashKey(key: CanonicalKey): number {
  const checksum = key.kind === 'number' ? crcOfText(key.text) : crcOfBytes(key.bytes);
  return multiplyModulo(multiplyModulo(checksum, checksum), checksum);
}

/** The same for MariaDB: an expression for the hash of the canonical key that `key` is an expression for. */
export function keyHashSql(key: string): string {
  // Products are below 2^64, and CRC32() is unsigned.
  return `(CRC32(${key}) * CRC32(${key}) MOD ${PRIME} * CRC32(${key}) MOD ${PRIME})`;
}

function crcOfText(text: string): number {
  let crc = -1;
  for (let index = 0; index < text.length; index += 1) {
    crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ text.charCodeAt(index)) & 0xff] ?? 0);
  }
  return ~crc >>> 0;
}

function crcOfBytes(bytes: Uint8Array): number {
  let crc = -1;
  for (let index = 0; index < bytes.length; index += 1) {
    crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ (bytes[index] ?? 0)) & 0xff] ?? 0);
  }
  return ~crc >>> 0;
}

/** `left * right % PRIME` of numbers below 2^32, whose product has 64 bits and JavaScript's numbers 53. */
function multiplyModulo(left: number, right: number): number {
  const lower = Math.imul(left, right) >>> 0;
  // Off by less than 2^11 before the division, so that rounding finds the very number.
  const upper = Math.round((left * right - lower) / HASH_RANGE);
  // The product is upper * 2^32 + lower, and 2^32 leaves the remainder 2^32 - PRIME = 5.
  const sum = upper * (HASH_RANGE - PRIME) + lower;
  return sum - Math.floor(sum / PRIME) * PRIME;
}
