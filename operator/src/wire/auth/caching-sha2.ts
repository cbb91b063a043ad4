/**
 * caching_sha2_password. A server that has seen the password once keeps SHA256(SHA256(password)) and checks a proof
 * against it; otherwise the client sends the password itself, here over TLS only.
 * Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { sha256Crypt } from './sha256-crypt.ts';

/** The plugin's name. */
export const CACHING_SHA2 = 'caching_sha2_password';

/** The server's data after a proof: it holds, OK follows. */
export const FAST_AUTHENTICATION_HOLDS = 0x03;

/** The server's data after a proof: the password itself is needed. */
export const FULL_AUTHENTICATION = 0x04;

/** Longest password of the plugin, in bytes; bounds the work of a check. */
const MAX_PASSWORD = 256;

const NONCE_LENGTH = 20;
const SALT_LENGTH = 20;
const STORED = /^\$A\$([0-9A-Fa-f]{3})\$/u;

/** The client's answer to `nonce`; empty for an empty password. */
export function proveCachingSha2(password: string, nonce: Buffer): Buffer {
  if (password === '') return Buffer.alloc(0);
  const secret = sha256(Buffer.from(password, 'utf8'));
  return xor(secret, sha256(sha256(secret), nonce.subarray(0, NONCE_LENGTH)));
}

/** Whether the client's answer holds against SHA256(SHA256(password)). */
export function verifyCachingSha2(cached: Buffer, nonce: Buffer, answer: Buffer): boolean {
  if (answer.length !== cached.length) return false;
  const secret = xor(answer, sha256(cached, nonce.subarray(0, NONCE_LENGTH)));
  return timingSafeEqual(sha256(secret), cached);
}

/** Whether an answer is that of an empty password: nothing, or one zero byte. */
export function isEmptyPassword(answer: Buffer): boolean {
  return answer.length === 0 || (answer.length === 1 && answer[0] === 0);
}

/** SHA256(SHA256(password)), for later logins. */
export function cachingSecretOf(password: Buffer): Buffer {
  return sha256(sha256(password));
}

/** The payload that carries the password itself. To be sent over TLS only. */
export function encodeFullPassword(password: string): Buffer {
  return Buffer.from(`${password}\0`, 'utf8');
}

/** The password in that payload; null when it is none, or longer than any can be. */
export function decodeFullPassword(payload: Buffer): Buffer | null {
  if (payload.length === 0 || payload.length > MAX_PASSWORD + 1 || payload.at(-1) !== 0) return null;
  return payload.subarray(0, -1);
}

/**
 * Whether `password` is the one stored as `$A$<thousands of rounds, hexadecimal>$<salt of 20 bytes><digest>`. Takes
 * about ten milliseconds of processor time.
 */
export function verifyStoredSha2(stored: Buffer, password: Buffer): boolean {
  const rounds = STORED.exec(stored.subarray(0, 7).toString('latin1'))?.[1];
  if (rounds === undefined || stored.length <= 7 + SALT_LENGTH) return false;
  const salt = stored.subarray(7, 7 + SALT_LENGTH);
  const expected = stored.subarray(7 + SALT_LENGTH);
  const actual = Buffer.from(sha256Crypt(password, salt, Number.parseInt(rounds, 16) * 1000), 'latin1');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

function sha256(...parts: Buffer[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function xor(left: Buffer, right: Buffer): Buffer {
  const result = Buffer.allocUnsafe(left.length);
  for (let index = 0; index < left.length; index += 1) {
    result[index] = (left[index] as number) ^ (right[index] as number);
  }
  return result;
}
