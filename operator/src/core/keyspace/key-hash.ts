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

/**
 * Remainders of each byte, and after them those of each byte with one, two and three zeros behind it: four bytes in one
 * step. Source: Kounavis and Berry, "A Systematic Approach to Building High Performance, Software-based, CRC Generators"
 * (2005).
 */
const CRC_TABLE = new Int32Array(4 * 256);
for (let byte = 0; byte < 256; byte += 1) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
  }
  CRC_TABLE[byte] = remainder;
}
for (let index = 256; index < CRC_TABLE.length; index += 1) {
  const remainder = CRC_TABLE[index - 256] ?? 0;
  CRC_TABLE[index] = (remainder >>> 8) ^ (CRC_TABLE[remainder & 0xff] ?? 0);
}

/**
 * Hash of a key: an integer from 0 to 2^32 - 1. The checksum of similar keys forms patterns, which its cube modulo a prime
 * destroys: what is left cannot be told from chance.
 */
export function hashKey(key: CanonicalKey): number {
  const checksum = (key.kind === 'number' ? crcOfText(key.text) : crcOfBytes(key.bytes)) >>> 0;
  return multiplyModulo(multiplyModulo(checksum, checksum), checksum);
}

/** The same for MariaDB: an expression for the hash of the canonical key that `key` is an expression for. */
export function keyHashSql(key: string): string {
  // Products are below 2^64, and CRC32() is unsigned.
  return `(CRC32(${key}) * CRC32(${key}) MOD ${PRIME} * CRC32(${key}) MOD ${PRIME})`;
}

/**
 * The checksum, as a number with a sign: one without is beyond 2^31 half of the time, and would be made an object wherever the engine
 * does not inline the call.
 */
function crcOfText(text: string): number {
  let crc = -1;
  for (let index = 0; index < text.length; index += 1) {
    crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ text.charCodeAt(index)) & 0xff] ?? 0);
  }
  return ~crc;
}

/** The same of bytes. */
function crcOfBytes(bytes: Uint8Array): number {
  const { length } = bytes;
  let crc = -1;
  let index = 0;
  // Every index is within its bounds, which would cost more to say for each read than the reads do.
  for (; index < length - 3; index += 4) {
    crc ^=
      (bytes[index] as number) |
      ((bytes[index + 1] as number) << 8) |
      ((bytes[index + 2] as number) << 16) |
      ((bytes[index + 3] as number) << 24);
    crc =
      (CRC_TABLE[768 + (crc & 0xff)] as number) ^
      (CRC_TABLE[512 + ((crc >>> 8) & 0xff)] as number) ^
      (CRC_TABLE[256 + ((crc >>> 16) & 0xff)] as number) ^
      (CRC_TABLE[crc >>> 24] as number);
  }
  for (; index < length; index += 1) {
    crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ (bytes[index] as number)) & 0xff] as number);
  }
  return ~crc;
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
