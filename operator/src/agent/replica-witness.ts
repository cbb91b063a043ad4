import type { SourceAddress } from '../engines/member-state.ts';
import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import type { AgentState } from './protocol/agent-state.ts';
import type { StateFrame } from './protocol/frame.ts';

/** Asks a pod's agent for its state as it is now, once. */
export type FetchFrame = (pod: string, signal: AbortSignal) => Promise<StateFrame>;

export interface ReplicaWitnessOptions {
  /** The epoch as this agent knows it, and the others whose acknowledgement counts in it. */
  readonly electorate: () => { readonly epoch: number; readonly ackers: readonly string[] };
  /** Where replicas find this member's server. */
  readonly ownServer: () => SourceAddress;
  readonly fetchFrame: FetchFrame;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when a replica is known to have been receiving from this member at that time, in monotonic milliseconds. */
  readonly onReceiving: (at: number) => void;
}

const DEADLINE_MILLISECONDS = 1000;
/** Asked again after so long. */
const PAUSE_MILLISECONDS = 150;

/**
 * Asks the agents of replicas whether these still receive from this primary, when no acknowledgement has come for a
 * while: one large transaction keeps all others waiting until a replica has received the whole of it. As long as one
 * whose acknowledgement counts receives, it has not been told to stop, and without that nobody is promoted.
 */
export class ReplicaWitness {
  readonly #options: ReplicaWitnessOptions;
  #asking = false;
  #askedAt = -Infinity;

  constructor(options: ReplicaWitnessOptions) {
    this.#options = options;
  }

  /** Asks, unless that is under way or has just been done. Returns at once. */
  ask(signal: AbortSignal): void {
    const now = this.#options.clock.monotonic();
    if (this.#asking || now - this.#askedAt < PAUSE_MILLISECONDS) {
      return;
    }
    this.#asking = true;
    this.#askedAt = now;
    const { epoch, ackers } = this.#options.electorate();
    void Promise.all(ackers.map(async (pod) => this.#hear(pod, epoch, now, signal))).finally(() => {
      this.#asking = false;
    });
  }

  async #hear(pod: string, epoch: number, askedAt: number, signal: AbortSignal): Promise<void> {
    const { fetchFrame, ownServer, logger, onReceiving } = this.#options;
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MILLISECONDS)]);
      const { state, sentAt } = await fetchFrame(pod, limit);
      if (state.member !== null && isReceiving(state, epoch, ownServer())) {
        // What it says is as old as its last look at its server: both times are by its own clock.
        onReceiving(askedAt - Math.max(0, sentAt - state.member.observedAt));
      }
    } catch (error) {
      logger.debug('a replica does not tell whether it receives', { pod, ...errorFields(error) });
    }
  }
}

/** Whether a member says that it receives from that server, in that epoch and no later one. */
function isReceiving(
  { epoch, unresponsive, member }: AgentState,
  wanted: number,
  source: SourceAddress,
): boolean {
  if (epoch !== wanted || unresponsive !== null || member?.role.kind !== 'replica') {
    return false;
  }
  const { following } = member.role;
  return (
    following.receiving.kind === 'running' &&
    following.source.host === source.host &&
    following.source.port === source.port
  );
}
