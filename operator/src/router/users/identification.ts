/** How users that are made through the router, or by the operator, are identified. */
import { routerPasswordHash } from '../../engines/mariadb/router-credential.ts';

/** What a user proves himself by, as the server stores it. */
export type OwnProof =
  /** `*` and 40 hexadecimal digits. */
  | { readonly plugin: 'mysql_native_password'; readonly hash: string }
  /** 43 characters of base64. */
  | { readonly plugin: 'ed25519'; readonly publicKey: string };

const NATIVE_HASH = /^\*[0-9A-Fa-f]{40}$/;
const PUBLIC_KEY = /^[A-Za-z0-9+/]{43}$/;

/**
 * What follows the name in CREATE USER and ALTER USER: `IDENTIFIED VIA ... OR ...`. The derived credential comes first, as
 * measured on 10.11 and 11.8: a server begins with the first plugin, so that a router logs in without a further round trip. The
 * other way round it needs one more beside mysql_native_password and two beside ed25519. What clients pay that pass the router
 * by is in the README.
 * @throws RangeError for a proof that is not stored like this.
 */
export function identifiedVia(secret: string, user: string, own: OwnProof): string {
  const stored = own.plugin === 'ed25519' ? own.publicKey : own.hash;
  if (!(own.plugin === 'ed25519' ? PUBLIC_KEY : NATIVE_HASH).test(stored)) {
    throw new RangeError(`not what ${own.plugin} stores`);
  }
  const derived = routerPasswordHash(secret, user);
  return `IDENTIFIED VIA mysql_native_password USING '${derived}' OR ${own.plugin} USING '${stored}'`;
}
