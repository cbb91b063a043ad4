import type { Position } from '../engines/position.ts';
import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import type { AgentState } from './protocol/agent-state.ts';

/** Where the other members of the shard were last seen to be. */
export interface PeerPositions {
  /** Null where a pod was not seen since this agent started. */
  position(pod: string): Position | null;
  /** Asks the peers from time to time, until the signal aborts; then resolves. */
  run(signal: AbortSignal): Promise<void>;
}

export interface PeerPositionsOptions {
  /** Pods of the others, as the map now lists them. */
  readonly peers: () => readonly string[];
  readonly fetchState: (pod: string, signal: AbortSignal) => Promise<AgentState>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** @default 30000 */
  readonly intervalMilliseconds?: number;
}

const DEADLINE_MILLISECONDS = 5000;

/**
 * Remembers what each peer has in its possession, which is what it need not receive any more. What a peer applied
 * only grows, so an old position errs by keeping too much.
 */
export function createPeerPositions(options: PeerPositionsOptions): PeerPositions {
  const { peers, fetchState, clock, logger, intervalMilliseconds = 30_000 } = options;
  const positions = new Map<string, Position>();

  const ask = async (pod: string, signal: AbortSignal): Promise<void> => {
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MILLISECONDS)]);
      const { member } = await fetchState(pod, limit);
      if (member !== null) {
        positions.set(pod, member.applied);
      }
    } catch (error) {
      logger.debug('a peer does not tell its position', { pod, ...errorFields(error) });
    }
  };

  return {
    position: (pod) => positions.get(pod) ?? null,
    async run(signal) {
      while (!signal.aborted) {
        for (const pod of peers()) {
          await ask(pod, signal);
        }
        await clock.sleep(intervalMilliseconds, signal).catch(() => {});
      }
    },
  };
}
