import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import type { AgentState } from './protocol/agent-state.ts';
import type { PrimaryView } from './return-facts.ts';

/** Asks a pod's agent for its state, once. */
export type FetchState = (pod: string, signal: AbortSignal) => Promise<AgentState>;

export interface PrimaryInquiryOptions {
  readonly fetchState: FetchState;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when the primary is known to have been promoted. */
  readonly onNews: () => void;
}

const DEADLINE_MILLISECONDS = 2000;
/** Asked again after so long while something waits for the answer: a shard of two opens only when it is back. */
const PAUSE_MILLISECONDS = 100;
/** An older answer says nothing about now. */
const FRESH_MILLISECONDS = 3000;

/** What the recorded primary of one epoch says of itself, asked for when that is wanted. */
export class PrimaryInquiry {
  readonly #options: PrimaryInquiryOptions;
  readonly #primary: string;
  readonly #epoch: number;
  #asking = false;
  #askedAt = -Infinity;
  #last: PrimaryView | null = null;
  #heardAt = -Infinity;

  constructor(options: PrimaryInquiryOptions, primary: string, epoch: number) {
    this.#options = options;
    this.#primary = primary;
    this.#epoch = epoch;
  }

  /** What it said last; null before it said anything about its epoch. */
  get last(): PrimaryView | null {
    return this.#last;
  }

  /** The same, unless that was too long ago to be so now. */
  get fresh(): PrimaryView | null {
    return this.#options.clock.monotonic() - this.#heardAt <= FRESH_MILLISECONDS ? this.#last : null;
  }

  /** Asks, unless that has just been done. Returns at once. */
  ask(signal: AbortSignal): void {
    const now = this.#options.clock.monotonic();
    if (!this.#asking && now - this.#askedAt >= PAUSE_MILLISECONDS) {
      this.#asking = true;
      this.#askedAt = now;
      void this.#fetch(signal).finally(() => {
        this.#asking = false;
      });
    }
  }

  async #fetch(signal: AbortSignal): Promise<void> {
    const { fetchState, clock, logger, onNews } = this.#options;
    const wasPromoted = this.#last?.isPromoted ?? false;
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MILLISECONDS)]);
      const view = viewOf(await fetchState(this.#primary, limit), this.#epoch);
      if (view !== null) {
        this.#last = view;
        this.#heardAt = clock.monotonic();
        if (view.isPromoted && !wasPromoted) {
          onNews();
        }
      }
    } catch (error) {
      logger.debug('the primary does not tell what it has', {
        primary: this.#primary,
        ...errorFields(error),
      });
    }
  }
}

/** Null while it says nothing about this epoch. */
function viewOf({ epoch, member }: AgentState, wanted: number): PrimaryView | null {
  if (member === null || epoch !== wanted) {
    return null;
  }
  const { role, writable, acknowledgement, lineage } = member;
  const isOpen =
    role.kind === 'primary' && writable && member.epoch.kind === 'known' && member.epoch.value === wanted;
  const waitsForAcknowledger =
    role.kind === 'detached' && acknowledgement.rule === 'oneReplica' && acknowledgement.acknowledgers === 0;
  return {
    epoch,
    isPromoted: role.kind !== 'replica',
    isServing: isOpen || waitsForAcknowledger,
    acknowledgers: acknowledgement.acknowledgers,
    lineage,
  };
}
