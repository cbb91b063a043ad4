/**
 * MariaDB's ed25519 plugin: Ed25519 (RFC 8032) whose secret is the password itself, of any length, instead of 32 random
 * bytes. A verifier needs nothing but the public key. node:crypto verifies; it cannot sign, since it takes only keys of 32
 * bytes, so signing rests on a library's arithmetic of the curve.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/1-connecting/connection#client_ed25519-plugin
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';

/** The plugin's name on the wire; accounts name it `ed25519`. */
export const ED25519 = 'client_ed25519';

/** Bytes of the nonce that is signed. */
export const ED25519_NONCE = 32;

const PUBLIC_KEY_LENGTH = 32;
const SIGNATURE_LENGTH = 64;

/** DER of a SubjectPublicKeyInfo for Ed25519 up to the key itself (RFC 8410). */
const PUBLIC_KEY_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** The public key as mysql.global_priv has it: base64 without padding. Null when it is none. */
export function parseEd25519Key(text: string): Buffer | null {
  if (!/^[0-9A-Za-z+/]{43}$/u.test(text)) return null;
  const key = Buffer.from(text, 'base64');
  return key.length === PUBLIC_KEY_LENGTH ? key : null;
}

/** The public key of a password, 32 bytes. */
export function ed25519PublicKey(password: string): Buffer {
  return multiplyBase(expand(password).scalar);
}

/** The client's answer to `nonce`: a signature of 64 bytes. */
export function signEd25519(password: string, nonce: Buffer): Buffer {
  const { scalar, prefix } = expand(password);
  const r = toScalar(sha512(prefix, nonce));
  const commitment = multiplyBase(r);
  const challenge = toScalar(sha512(commitment, multiplyBase(scalar), nonce));
  const order = ed25519.Point.Fn.ORDER;
  return Buffer.concat([commitment, fromScalar((r + challenge * scalar) % order)]);
}

/** Whether `signature` of `nonce` was made with the password of this public key. */
export function verifyEd25519(publicKey: Buffer, nonce: Buffer, signature: Buffer): boolean {
  if (signature.length !== SIGNATURE_LENGTH || publicKey.length !== PUBLIC_KEY_LENGTH) return false;
  let key: KeyObject;
  try {
    key = createPublicKey({
      key: Buffer.concat([PUBLIC_KEY_PREFIX, publicKey]),
      format: 'der',
      type: 'spki',
    });
  } catch {
    // Not a point of the curve: nobody can have signed with it.
    return false;
  }
  return verify(null, nonce, key, signature);
}

/** Secret scalar, reduced, and the prefix for nonces (RFC 8032, 5.1.5). */
function expand(password: string): { scalar: bigint; prefix: Buffer } {
  const hash = sha512(Buffer.from(password, 'utf8'));
  const lower = hash.subarray(0, 32);
  lower[0] = (lower[0] as number) & 0xf8;
  lower[31] = ((lower[31] as number) & 0x7f) | 0x40;
  return { scalar: toScalar(lower), prefix: hash.subarray(32) };
}

function multiplyBase(scalar: bigint): Buffer {
  return Buffer.from(ed25519.Point.BASE.multiply(scalar).toBytes());
}

/** A little-endian number modulo the order of the base point. */
function toScalar(bytes: Buffer): bigint {
  const bigEndian = Buffer.from(bytes).reverse();
  return BigInt(`0x${bigEndian.toString('hex')}`) % ed25519.Point.Fn.ORDER;
}

function fromScalar(scalar: bigint): Buffer {
  return Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').reverse();
}

function sha512(...parts: Buffer[]): Buffer {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
