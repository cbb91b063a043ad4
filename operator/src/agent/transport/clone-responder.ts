import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { CloneStream } from '../../engines/clone.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import {
  CLONE_ESTIMATE_HEADER,
  CLONE_POD_HEADER,
  formatVerdict,
  type CloneVerdict,
} from '../protocol/clone.ts';
import { RefusedError } from '../protocol/commands.ts';
import { createCloneFrameWriter } from './clone-frame-writer.ts';

/**
 * Opens a clone of the local server for a pod. Throws {@link RefusedError} where there is none to give. The
 * signal aborts when the reader has gone. Throttling is the source's business: it knows when it holds locks.
 */
export type OpenClone = (pod: string, signal: AbortSignal) => Promise<CloneStream>;

/** Gives clones away, one at a time. */
export interface CloneResponder {
  /** Rejects with {@link RefusedError} before anything was sent; what happens later is told by the verdict. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Pod that is being given one; null for none. */
  servedPod(): string | null;
}

/** One character of a pod's name, and no more of them than a name may have. */
const POD_NAME = /^[-.a-z0-9]{1,253}$/;

const END_PATIENCE_MILLISECONDS = 10_000;

export function createCloneResponder(
  open: OpenClone,
  options: { readonly logger: Logger; readonly onChange?: () => void },
): CloneResponder {
  const { logger, onChange = () => {} } = options;
  let servedPod: string | null = null;

  const serve = async (pod: string, response: ServerResponse): Promise<void> => {
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the reader has gone')));
    const { bytes, estimatedBytes } = await open(pod, gone.signal);
    // The body ends with the connection, and has frames of its own: see protocol/clone.ts.
    response.removeHeader('transfer-encoding');
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      connection: 'close',
      [CLONE_ESTIMATE_HEADER]: String(Math.max(0, Math.round(estimatedBytes))),
    });
    let sent = 0;
    const frames = createCloneFrameWriter(response, (count) => (sent += count));
    let verdict: CloneVerdict;
    try {
      await pipeline(bytes, frames, { signal: gone.signal });
      verdict = { outcome: 'complete', bytes: sent };
      logger.info('clone is sent', { pod, bytes: sent });
    } catch (error) {
      logger.warn('clone was cut short', { pod, bytes: sent, ...errorFields(error) });
      if (response.destroyed) {
        return;
      }
      verdict = { outcome: 'failed', message: error instanceof Error ? error.message : String(error) };
    }
    // A reader that has stopped reading takes no end either, and must not keep the connection for ever.
    response.setTimeout(END_PATIENCE_MILLISECONDS, () => response.destroy());
    response.end(formatVerdict(verdict));
  };

  return {
    async answer(request, response) {
      const pod = request.headers[CLONE_POD_HEADER];
      if (typeof pod !== 'string' || !POD_NAME.test(pod)) {
        throw new RefusedError('InvalidRequest', `header ${CLONE_POD_HEADER} names no pod`);
      }
      if (servedPod !== null) {
        throw new RefusedError('Busy', `${servedPod} is being given a clone`);
      }
      servedPod = pod;
      onChange();
      try {
        await serve(pod, response);
      } finally {
        servedPod = null;
        onChange();
      }
    },
    servedPod: () => servedPod,
  };
}
