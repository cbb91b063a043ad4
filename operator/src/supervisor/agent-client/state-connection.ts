import { type IncomingMessage, type ClientRequest } from 'node:http';
import { request } from 'node:https';
import { parseRefusal } from '../../agent/protocol/commands.ts';
import { FRAME_LIMIT_BYTES, parseFrame, type StateFrame } from '../../agent/protocol/frame.ts';
import { PATHS } from '../../agent/protocol/paths.ts';
import { createLineSplitter } from '../../launcher/line-splitter.ts';
import { WrongPeerError } from '../../pki/peer-verification.ts';
import type { TlsMaterialSource } from '../../pki/tls-material.ts';
import { abortReason } from '../../runtime/abort.ts';
import { type AgentTarget, tlsOptions } from './agent-target.ts';

export interface StateConnectionOptions {
  readonly target: AgentTarget;
  readonly tls: TlsMaterialSource;
  /** Called when the address has accepted the connection, before the TLS handshake. */
  readonly onAccepted: () => void;
  readonly onFrame: (frame: StateFrame) => void;
}

/**
 * Opens one state stream and reads it until it ends. Always rejects: with what ended it, or with the signal's
 * reason. A frame of another pod than the target ends it with {@link WrongPeerError}.
 */
export async function readStateStream(options: StateConnectionOptions, signal: AbortSignal): Promise<never> {
  const { target, tls, onAccepted, onFrame } = options;
  signal.throwIfAborted();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const outgoing = request({
    host: target.host,
    port: target.port,
    path: PATHS.state,
    agent: false,
    ...tlsOptions(target, tls.current()),
  });
  const onAbort = (): void => reject(abortReason(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  outgoing.on('error', reject);
  outgoing.on('socket', (socket) => socket.once('connect', onAccepted));
  outgoing.on('response', (response) => {
    readFrames(response, target, onFrame, reject);
  });
  outgoing.end();
  try {
    return await ended;
  } finally {
    signal.removeEventListener('abort', onAbort);
    close(outgoing);
  }
}

function readFrames(
  response: IncomingMessage,
  target: AgentTarget,
  onFrame: (frame: StateFrame) => void,
  reject: (error: Error) => void,
): void {
  const lines = createLineSplitter(FRAME_LIMIT_BYTES);
  const { statusCode = 0 } = response;
  let refusal = '';
  let isOver = false;
  response.on('data', (chunk: Buffer) => {
    try {
      for (const line of isOver ? [] : lines.push(chunk)) {
        if (statusCode === 200) {
          onFrame(checkPod(parseFrame(line), target));
        }
      }
      refusal += statusCode === 200 ? '' : chunk.toString('utf8');
    } catch (error) {
      isOver = true;
      reject(error as Error);
    }
  });
  response.on('error', reject);
  response.on('end', () =>
    reject(
      statusCode === 200 ? new Error('the agent has ended the stream') : parseRefusal(refusal, statusCode),
    ),
  );
}

function checkPod(frame: StateFrame, target: AgentTarget): StateFrame {
  const { namespace, cluster, pod, podUid } = frame.state.identity;
  const isTarget = namespace === target.namespace && cluster === target.cluster && pod === target.pod;
  if (!isTarget || podUid !== target.podUid) {
    throw new WrongPeerError(
      `the agent of ${namespace}/${pod} (${podUid}) answers, not that of ${target.pod}`,
    );
  }
  return frame;
}

/** Late errors of a request we are done with concern nobody. */
function close(outgoing: ClientRequest): void {
  outgoing.on('error', () => {});
  outgoing.destroy();
}
