/**
 * SHA-256 crypt, with which caching_sha2_password stores passwords.
 * Source: Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512", https://www.akkadia.org/drepper/SHA-crypt.txt
 */
import { createHash } from 'node:crypto';

const DIGEST_LENGTH = 32;
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The digest of SHA-256 crypt in its own base 64, 43 characters. The salt is used in full. */
export function sha256Crypt(password: Buffer, salt: Buffer, rounds: number): string {
  const alternate = sha256([password, salt, password]);
  const parts = [password, salt, repeated(alternate, password.length)];
  for (let count = password.length; count > 0; count >>>= 1)
    parts.push(count % 2 === 1 ? alternate : password);
  let digest = sha256(parts);
  const p = repeated(sha256(Array<Buffer>(password.length).fill(password)), password.length);
  const s = repeated(sha256(Array<Buffer>(16 + (digest[0] as number)).fill(salt)), salt.length);
  for (let round = 0; round < rounds; round += 1) {
    const odd = round % 2 === 1;
    const hash = createHash('sha256').update(odd ? p : digest);
    if (round % 3 !== 0) hash.update(s);
    if (round % 7 !== 0) hash.update(p);
    digest = hash.update(odd ? digest : p).digest();
  }
  return encode(digest);
}

function sha256(parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** `digest` again and again, cut to `length`. */
function repeated(digest: Buffer, length: number): Buffer {
  return Buffer.alloc(length, digest);
}

/** Groups of three bytes, whose places rotate with each group, give four characters, low bits first (step 22). */
function encode(digest: Buffer): string {
  const third = (DIGEST_LENGTH - 2) / 3;
  let text = '';
  let [a, b, c] = [0, third, 2 * third];
  for (let group = 0; group < third; group += 1) {
    text += characters(
      ((digest[a] as number) << 16) | ((digest[b] as number) << 8) | (digest[c] as number),
      4,
    );
    [a, b, c] = [c + 1, a + 1, b + 1];
  }
  return text + characters(((digest[31] as number) << 8) | (digest[30] as number), 3);
}

function characters(bits: number, count: number): string {
  let text = '';
  for (let index = 0; index < count; index += 1) text += ALPHABET.charAt((bits >>> (6 * index)) & 0x3f);
  return text;
}
