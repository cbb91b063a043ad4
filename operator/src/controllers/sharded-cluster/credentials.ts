import { Buffer } from 'node:buffer';

/** Cryptographically strong random bytes; `node:crypto`'s `randomBytes` in production. */
export type RandomBytes = (size: number) => Uint8Array;

/** 24 random bytes: 192 bits, 32 characters. */
const PASSWORD_BYTES = 24;

/** A new password: 32 characters of base64url, which need no escaping in URLs, shells, SQL or my.cnf. */
export function generatePassword(randomBytes: RandomBytes): string {
  return Buffer.from(randomBytes(PASSWORD_BYTES)).toString('base64url');
}

/** A value of a Secret's `data`, decoded; `undefined` when it is missing or empty. */
export function secretValue(
  data: { readonly [key: string]: string } | undefined,
  key: string,
): string | undefined {
  const encoded = data?.[key];
  if (encoded === undefined || encoded === '') {
    return undefined;
  }
  return Buffer.from(encoded, 'base64').toString('utf8');
}

/** Values as a Secret's `data` holds them. */
export function encodeSecret(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value, 'utf8').toString('base64')]),
  );
}

/** Inverse of {@link encodeSecret}. */
export function decodeSecret(data: { readonly [key: string]: string } | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}
