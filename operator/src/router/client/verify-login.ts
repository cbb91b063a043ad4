import { randomBytes as systemRandomBytes } from 'node:crypto';
import { assertNever } from '../../runtime/assert-never.ts';
import {
  CACHING_SHA2,
  cachingSecretOf,
  decodeFullPassword,
  FAST_AUTHENTICATION_HOLDS,
  FULL_AUTHENTICATION,
  isEmptyPassword,
  verifyCachingSha2,
  verifyStoredSha2,
} from '../../wire/auth/caching-sha2.ts';
import { ED25519, ED25519_NONCE, verifyEd25519 } from '../../wire/auth/ed25519.ts';
import { NATIVE_PASSWORD, verifyNative } from '../../wire/auth/native-password.ts';
import { encodeAuthMoreData, encodeAuthSwitch } from '../../wire/auth/packets.ts';
import type { PacketChannel } from '../../wire/packet-channel.ts';
import type { PacketQueue } from '../../wire/packet-queue.ts';
import { ClientError } from './client-error.ts';
import type {
  Authenticator,
  ClientIdentity,
  LoginMethod,
  LoginProof,
  LoginRequest,
} from './authenticator.ts';

/** Source of random bytes. */
export type RandomBytes = (length: number) => Buffer;

/** Where a proof is asked for. */
export interface ProofDialogue {
  readonly channel: PacketChannel;
  readonly packets: PacketQueue;
  readonly randomBytes: RandomBytes;
  /** The client can be asked to begin again with another plugin. */
  readonly canSwitch: boolean;
}

/** What a client has sent under a plugin, and the nonce that it answers. */
export interface FirstAnswer {
  readonly plugin: string | null;
  readonly nonce: Buffer;
  readonly answer: Buffer;
}

/** A user who is who he says. */
export interface VerifiedLogin {
  readonly identity: ClientIdentity;
  readonly proof: LoginProof;
  /** The nonce of mysql_native_password that the client has got last: the handshake's, or that of a switch to that plugin. */
  readonly scramble: Buffer;
}

/** Bytes of the nonce of the plugins that hash. */
export const SCRAMBLE_LENGTH = 20;

/** A nonce as clients expect it: without zero bytes, which would end it for some of them, and without `$`. */
export function makeNonce(length: number, randomBytes: RandomBytes = systemRandomBytes): Buffer {
  const nonce = randomBytes(length);
  for (const [index, byte] of nonce.entries()) {
    const seven = byte & 0x7f;
    nonce[index] = seven === 0 || seven === 0x24 ? seven + 1 : seven;
  }
  return nonce;
}

/**
 * Finds out whether a client is who it says: asks for a proof by each of the user's methods in turn, and the authenticator
 * for the last word. Throws a {@link ClientError} that says why not, to be told to the client.
 */
export async function verifyLogin(
  dialogue: ProofDialogue,
  authenticator: Authenticator,
  request: LoginRequest,
  first: FirstAnswer,
  signal: AbortSignal,
): Promise<VerifiedLogin> {
  const known = await authenticator.methods(request, signal);
  const methods = known.length > 0 ? known : [nobody(dialogue.randomBytes)];
  const answers = new Map<string, FirstAnswer>();
  // The handshake's nonce is too short for ed25519: an answer to it proves nothing.
  if (first.plugin !== null && first.plugin !== ED25519) answers.set(first.plugin, first);
  let scramble = first.nonce;
  let gavePassword = first.answer.length > 0;
  for (const method of methods) {
    const answer = answers.get(method.plugin) ?? (await ask(dialogue, method.plugin, signal));
    if (answer === null) continue;
    answers.set(method.plugin, answer);
    if (method.plugin === NATIVE_PASSWORD) scramble = answer.nonce;
    gavePassword ||= answer.answer.length > 0;
    const proof = await check(dialogue, method, answer, request, signal);
    if (proof === null || known.length === 0) continue;
    const decision = await authenticator.accept(request, proof, signal);
    if (decision.kind === 'accepted') return { identity: decision.identity, proof, scramble };
    throw new ClientError(decision.error.errno, decision.error.sqlState, decision.error.message);
  }
  throw accessDenied(request, gavePassword);
}

/** Error 1045 in the server's words. */
function accessDenied({ user, address }: LoginRequest, gavePassword: boolean): ClientError {
  const using = gavePassword ? 'YES' : 'NO';
  return new ClientError(
    1045,
    '28000',
    `Access denied for user '${user}'@'${address}' (using password: ${using})`,
  );
}

/** The method of a user who does not exist: looks like that of most users, and no password fits. */
function nobody(randomBytes: RandomBytes): LoginMethod {
  return { plugin: NATIVE_PASSWORD, doubleHash: randomBytes(SCRAMBLE_LENGTH) };
}

/** Asks a client to begin again with `plugin`; null when it cannot be asked. */
async function ask(
  dialogue: ProofDialogue,
  plugin: string,
  signal: AbortSignal,
): Promise<FirstAnswer | null> {
  if (!dialogue.canSwitch) return null;
  const nonce = makeNonce(plugin === ED25519 ? ED25519_NONCE : SCRAMBLE_LENGTH, dialogue.randomBytes);
  // The plugins that hash expect a zero byte behind their nonce.
  const data = plugin === ED25519 ? nonce : Buffer.concat([nonce, Buffer.of(0)]);
  dialogue.channel.send(encodeAuthSwitch(plugin, data));
  return { plugin, nonce, answer: await dialogue.packets.next(signal) };
}

async function check(
  dialogue: ProofDialogue,
  method: LoginMethod,
  { nonce, answer }: FirstAnswer,
  request: LoginRequest,
  signal: AbortSignal,
): Promise<LoginProof | null> {
  switch (method.plugin) {
    case NATIVE_PASSWORD: {
      const verdict = verifyNative(method.doubleHash, nonce, answer);
      return verdict.holds ? { method, nativeSecret: verdict.secret, cachingSecret: null } : null;
    }
    case ED25519:
      return verifyEd25519(method.publicKey, nonce, answer)
        ? { method, nativeSecret: null, cachingSecret: null }
        : null;
    case CACHING_SHA2:
      return checkCachingSha2(dialogue, method, nonce, answer, request.secure, signal);
    default:
      return assertNever(method);
  }
}

async function checkCachingSha2(
  { channel, packets }: ProofDialogue,
  method: LoginMethod & { readonly plugin: typeof CACHING_SHA2 },
  nonce: Buffer,
  answer: Buffer,
  secure: boolean,
  signal: AbortSignal,
): Promise<LoginProof | null> {
  const { stored, cached } = method;
  if (stored === null || isEmptyPassword(answer)) {
    const holds = stored === null && isEmptyPassword(answer);
    return holds ? { method, nativeSecret: null, cachingSecret: null } : null;
  }
  if (cached !== null && verifyCachingSha2(cached, nonce, answer)) {
    channel.send(encodeAuthMoreData(Buffer.of(FAST_AUTHENTICATION_HOLDS)));
    return { method, nativeSecret: null, cachingSecret: cached };
  }
  if (!secure) {
    const hint = `${CACHING_SHA2} needs TLS for the first login of a user through this router`;
    throw new ClientError(3159, 'HY000', hint);
  }
  channel.send(encodeAuthMoreData(Buffer.of(FULL_AUTHENTICATION)));
  const password = decodeFullPassword(await packets.next(signal));
  if (password === null || !verifyStoredSha2(stored, password)) return null;
  return { method, nativeSecret: null, cachingSecret: cachingSecretOf(password) };
}
