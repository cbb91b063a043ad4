import type { Clock } from '../runtime/clock.ts';
import type { Decision, DecisionKind } from './decision.ts';
import type { ShardView } from './observation.ts';

/** Clients wait from the moment a shard has another primary; it takes well below a second unless something is wrong. */
const URGENT_MILLISECONDS = 10_000;
/** What is tried again that often takes a millisecond or two of the processor. */
const URGENT_PAUSE_MILLISECONDS = 15;

/** What clients wait for. Making volumes and starting servers is not hurried: it takes long, and fails for longer. */
const HURRIED: ReadonlySet<DecisionKind> = new Set<DecisionKind>([
  'connect',
  'salvage',
  'follow',
  'promote',
  'setAcknowledgement',
  'openWrites',
]);

/** Whether the shard has just been given another primary: then nothing that leads to it waits its usual turn. */
export class Urgency {
  readonly #clock: Clock;
  #seen: string | null = null;
  #until = -Infinity;
  #isNews = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the newest map into account. The first one is no change. */
  note(view: ShardView): void {
    if (view.kind !== 'known') {
      return;
    }
    const roles = `${view.shard.epoch} ${view.shard.primary ?? ''}`;
    if (this.#seen !== null && this.#seen !== roles) {
      this.#until = this.#clock.monotonic() + URGENT_MILLISECONDS;
      this.#isNews = true;
    }
    this.#seen = roles;
  }

  /** Whether roles have changed since the last call. */
  takeNews(): boolean {
    const isNews = this.#isNews;
    this.#isNews = false;
    return isNews;
  }

  /** Longest time until a decision is made again, or its action is repeated, in milliseconds. */
  longestPause(decision: Decision): number {
    const isHurried =
      decision.kind === 'wait' ? decision.reason === 'acknowledger' : HURRIED.has(decision.kind);
    return isHurried && this.#clock.monotonic() < this.#until ? URGENT_PAUSE_MILLISECONDS : Infinity;
  }
}
