import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { createLineSplitter } from '../launcher/line-splitter.ts';
import { clientTlsOptions } from '../pki/peer-verification.ts';
import type { PeerIdentity } from '../pki/identity.ts';
import type { TlsMaterial } from '../pki/tls-material.ts';
import { abortReason } from '../runtime/abort.ts';
import { type StateFrame, FRAME_LIMIT_BYTES, parseFrame } from './protocol/frame.ts';
import { PATHS } from './protocol/paths.ts';

/** A peer's agent, and how to reach it. */
export interface PeerAgent {
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
  readonly identity: PeerIdentity;
}

/** Asks a peer's agent for its state as it is now, once. Rejects with what kept it from answering. */
export async function fetchPeerFrame(
  peer: PeerAgent,
  tls: TlsMaterial,
  signal: AbortSignal,
): Promise<StateFrame> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<StateFrame>();
  const outgoing = request({
    host: peer.host,
    port: peer.port,
    path: PATHS.state,
    agent: false,
    ...clientTlsOptions(tls, peer),
  });
  const onAbort = (): void => reject(abortReason(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  outgoing.on('error', reject);
  outgoing.on('response', (response) => readFirstFrame(response, resolve, reject));
  outgoing.end();
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    outgoing.destroy();
  }
}

function readFirstFrame(
  response: IncomingMessage,
  resolve: (frame: StateFrame) => void,
  reject: (error: unknown) => void,
): void {
  const lines = createLineSplitter(FRAME_LIMIT_BYTES);
  response.on('error', reject);
  response.on('end', () =>
    reject(new Error(`the peer's agent answered ${response.statusCode} and no state`)),
  );
  response.on('data', (chunk: Buffer) => {
    try {
      const [line] = lines.push(chunk);
      if (line !== undefined) {
        resolve(parseFrame(line));
      }
    } catch (error) {
      reject(error);
    }
  });
}
