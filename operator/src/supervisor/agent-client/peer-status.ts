import { isNativeError } from 'node:util/types';
import { FrameError } from '../../agent/protocol/frame.ts';
import { RefusedError } from '../../agent/protocol/commands.ts';
import { WrongPeerError } from '../../pki/peer-verification.ts';

/**
 * What is known of the way to an agent.
 * - `connecting`: not yet anything.
 * - `connected`: frames come.
 * - `silent`: the connection is up, or its other end accepts one, and no frame comes. The process may be
 *   stopped, or its machine gone: silence proves nothing.
 * - `refused`: its address answers that nobody listens: that agent process is not there.
 * - `unreachable`: nobody answers at all.
 * - `closed`: there was a connection, and it was closed.
 * - `rejected`: somebody answers who is not the agent looked for, or who does not accept us.
 * - `unintelligible`: it speaks another version.
 */
export type PeerStatus =
  | 'connecting'
  | 'connected'
  | 'silent'
  | 'refused'
  | 'unreachable'
  | 'closed'
  | 'rejected'
  | 'unintelligible';

/** A connection that came about, or did not, in time. */
export class SilenceError extends Error {
  readonly code: 'ConnectTimeout' | 'Silent';

  constructor(code: SilenceError['code'], milliseconds: number) {
    super(`${code === 'Silent' ? 'no frame' : 'no connection'} within ${Math.round(milliseconds)} ms`);
    this.name = 'SilenceError';
    this.code = code;
  }
}

const UNREACHABLE_CODES: ReadonlySet<string> = new Set([
  'ConnectTimeout',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** OpenSSL's names of what can be wrong with a certificate, and Node.js's. */
const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_MISMATCH)/;

/** What the failure of a connection says about the peer. */
export function statusAfter(error: unknown): Exclude<PeerStatus, 'connecting' | 'connected'> {
  if (error instanceof FrameError) {
    return 'unintelligible';
  }
  if (error instanceof WrongPeerError || error instanceof RefusedError) {
    return 'rejected';
  }
  const code = isNativeError(error) && 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ECONNREFUSED') {
    return 'refused';
  }
  if (code === 'Silent') {
    return 'silent';
  }
  if (UNREACHABLE_CODES.has(code)) {
    return 'unreachable';
  }
  return TLS_CODE.test(code) ? 'rejected' : 'closed';
}
