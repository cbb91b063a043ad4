import { ProtocolError } from '../protocol-error.ts';
import {
  CACHING_SHA2,
  encodeFullPassword,
  FAST_AUTHENTICATION_HOLDS,
  FULL_AUTHENTICATION,
  proveCachingSha2,
} from './caching-sha2.ts';
import { ED25519, ED25519_NONCE, signEd25519 } from './ed25519.ts';
import { NATIVE_PASSWORD, nativeSecretOf, proveNative } from './native-password.ts';

/** What a client role knows of its user. */
export type Credential =
  | { readonly kind: 'password'; readonly password: string }
  /** SHA1(password): enough for mysql_native_password, and for nothing else. */
  | { readonly kind: 'nativeSecret'; readonly secret: Buffer }
  | { readonly kind: 'none' };

/**
 * The client's first answer under `plugin`. `data` is what came with the plugin's name: its nonce, with or without a zero
 * byte behind. Throws a {@link ProtocolError} (`unsupported`) for a plugin that is not known or that the credential does not do for.
 */
export function proveLogin(plugin: string, data: Buffer, credential: Credential): Buffer {
  if (plugin === NATIVE_PASSWORD) {
    if (credential.kind === 'nativeSecret') return proveNative(credential.secret, data);
    const password = credential.kind === 'password' ? credential.password : '';
    return proveNative(password === '' ? null : nativeSecretOf(password), data);
  }
  if (credential.kind === 'nativeSecret') {
    throw new ProtocolError(
      'unsupported',
      `the server wants ${plugin}, for which the password itself is needed`,
    );
  }
  const password = credential.kind === 'password' ? credential.password : '';
  if (plugin === CACHING_SHA2) return proveCachingSha2(password, data);
  if (plugin === ED25519) {
    if (data.length < ED25519_NONCE) throw new ProtocolError('malformed', 'the nonce is too short');
    return signEd25519(password, data.subarray(0, ED25519_NONCE));
  }
  throw new ProtocolError('unsupported', `the server wants the authentication plugin ${plugin}`);
}

/**
 * What to send after a plugin's own data (`more` of a login reply); null when only the server's verdict is left to wait
 * for. The password itself is sent over TLS only.
 */
export function continueLogin(
  plugin: string,
  data: Buffer,
  credential: Credential,
  secure: boolean,
): Buffer | null {
  if (plugin === CACHING_SHA2 && data.length === 1) {
    if (data[0] === FAST_AUTHENTICATION_HOLDS) return null;
    if (data[0] === FULL_AUTHENTICATION && credential.kind === 'password') {
      if (secure) return encodeFullPassword(credential.password);
      throw new ProtocolError('unsupported', `${CACHING_SHA2} needs TLS for the first login of a user`);
    }
  }
  throw new ProtocolError('unsupported', `the server continues ${plugin} in a way that is not known`);
}
