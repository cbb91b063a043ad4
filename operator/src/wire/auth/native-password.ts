/**
 * mysql_native_password. The server stores SHA1(SHA1(password)); the client proves SHA1(password) against a nonce, and a
 * server that knows the stored hash learns SHA1(password) from a proof that holds.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/1-connecting/connection#mysql_native_password-plugin
 */
import { createHash, timingSafeEqual } from 'node:crypto';

/** The plugin's name on the wire and in mysql.global_priv. */
export const NATIVE_PASSWORD = 'mysql_native_password';

/** Bytes of the nonce, of a proof and of the hashes. */
const HASH_LENGTH = 20;

/** SHA1(password), as UTF-8. */
export function nativeSecretOf(password: string): Buffer {
  return sha1(Buffer.from(password, 'utf8'));
}

/** What the server stores, 20 bytes, from SHA1(password). */
export function nativeDoubleHash(secret: Buffer): Buffer {
  return sha1(secret);
}

/** The stored text `*94BDCE…` as bytes; null when it is none. */
export function parseNativeHash(text: string): Buffer | null {
  return /^\*[0-9a-f]{40}$/iu.test(text) ? Buffer.from(text.slice(1), 'hex') : null;
}

/** The client's answer to `nonce`. `secret` is SHA1(password); null for an empty password, whose answer is empty. */
export function proveNative(secret: Buffer | null, nonce: Buffer): Buffer {
  if (secret === null) return Buffer.alloc(0);
  return xor(secret, mask(nonce, sha1(secret)));
}

/** What a proof tells: whether it holds and, if so, SHA1(password), which is null for an empty one. */
export type NativeVerdict =
  { readonly holds: true; readonly secret: Buffer | null } | { readonly holds: false };

/** Checks a client's answer against the stored hash; null stands for an empty password. */
export function verifyNative(doubleHash: Buffer | null, nonce: Buffer, answer: Buffer): NativeVerdict {
  if (doubleHash === null) return answer.length === 0 ? { holds: true, secret: null } : { holds: false };
  if (answer.length !== HASH_LENGTH) return { holds: false };
  const secret = xor(answer, mask(nonce, doubleHash));
  return timingSafeEqual(sha1(secret), doubleHash) ? { holds: true, secret } : { holds: false };
}

function mask(nonce: Buffer, doubleHash: Buffer): Buffer {
  return createHash('sha1').update(nonce.subarray(0, HASH_LENGTH)).update(doubleHash).digest();
}

function sha1(bytes: Buffer): Buffer {
  return createHash('sha1').update(bytes).digest();
}

function xor(left: Buffer, right: Buffer): Buffer {
  const result = Buffer.allocUnsafe(left.length);
  for (let index = 0; index < left.length; index += 1) {
    result[index] = (left[index] as number) ^ (right[index] as number);
  }
  return result;
}
