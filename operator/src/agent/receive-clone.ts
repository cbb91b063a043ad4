import type { Readable } from 'node:stream';
import type { CloneProgress, CloneTarget } from '../engines/clone.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import { CloneError, type IncomingClone, type TransferProgress } from './clone-client.ts';
import type { AgentActivity } from './protocol/agent-state.ts';

/** How a clone is asked for; see `requestClone`. */
export type RequestClone = (
  pod: string,
  onProgress: (progress: TransferProgress) => void,
  signal: AbortSignal,
) => Promise<IncomingClone>;

type Cloning = Extract<AgentActivity, { kind: 'cloning' }>;

/**
 * Becomes a copy of the first of `sources` that gives one. A source that refuses, or cannot be reached, leads to
 * the next; one that fails half-way leaves the volume as interrupted, to be started again from scratch.
 */
export async function receiveClone(
  options: {
    readonly sources: readonly string[];
    readonly request: RequestClone;
    readonly target: CloneTarget;
    readonly onActivity: (activity: Cloning) => void;
    readonly logger: Logger;
  },
  signal: AbortSignal,
): Promise<void> {
  const { sources, request, target, onActivity, logger } = options;
  const refusals: string[] = [];
  for (const source of sources) {
    let activity: Cloning = {
      kind: 'cloning',
      source,
      step: 'transfer',
      bytes: 0,
      estimatedBytes: null,
      bytesPerSecond: 0,
    };
    const update = (change: Partial<Cloning>): void => {
      activity = { ...activity, ...change };
      onActivity(activity);
    };
    update({});
    const onTransfer = ({ bytes, estimatedBytes, bytesPerSecond }: TransferProgress): void =>
      update({ bytes, estimatedBytes, bytesPerSecond });
    const onStep = ({ step }: CloneProgress): void => {
      if (step !== activity.step) {
        logger.info('clone goes on', { source, step, bytes: activity.bytes });
        update({ step });
      }
    };
    const incoming = await openOrNull(
      () => request(source, onTransfer, signal),
      (error) => {
        logger.info('a peer gives no clone now', { source, ...errorFields(error) });
        refusals.push(error.message);
      },
    );
    if (incoming !== null) {
      logger.info('clone begins', { source, estimatedBytes: incoming.estimatedBytes });
      const position = await receive(target, incoming.bytes, onStep, signal);
      logger.info('clone is complete', { source, position, bytes: activity.bytes });
      return;
    }
  }
  throw new CloneError('Unavailable', `no member gives a clone: ${refusals.join('; ') || 'there is none'}`);
}

async function receive(
  target: CloneTarget,
  bytes: Readable,
  onProgress: (progress: CloneProgress) => void,
  signal: AbortSignal,
): Promise<string> {
  try {
    return await target.receive(bytes, { onProgress }, signal);
  } finally {
    bytes.destroy();
  }
}

async function openOrNull(
  open: () => Promise<IncomingClone>,
  onUnavailable: (error: CloneError) => void,
): Promise<IncomingClone | null> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof CloneError && error.code === 'Unavailable') {
      onUnavailable(error);
      return null;
    }
    throw error;
  }
}
