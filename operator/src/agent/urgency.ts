import type { MemberState } from '../engines/member-state.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Decision, DecisionKind } from './decision.ts';
import type { ShardView } from './observation.ts';

/** Clients wait from the moment a shard has another primary; it takes well below a second unless something is wrong. */
const URGENT_MILLISECONDS = 10_000;
/** What is tried again that often takes a millisecond or two of the processor. */
const URGENT_PAUSE_MILLISECONDS = 15;

/** A map that the watch has brought so lately need not be read anew for what it asks for. */
const JUST_NOW_MILLISECONDS = 1000;

/** How often a replica is looked at that hears nothing, for others decide by it; not for long, for it reconnects. */
const SILENT_PAUSE_MILLISECONDS = 100;

/** What clients wait for. Making volumes and starting servers is not hurried: it takes long, and fails for longer. */
const HURRIED: ReadonlySet<DecisionKind> = new Set<DecisionKind>([
  'connect',
  'salvage',
  'follow',
  'promote',
  'setAcknowledgement',
  'openWrites',
]);

/** The source of a replica gives signs of life more often than it is looked at: one that gave none may be dead. */
function hearsNothing({ role }: MemberState): boolean {
  return (
    role.kind === 'replica' &&
    role.following.silentMilliseconds.kind === 'known' &&
    role.following.silentMilliseconds.value > 0
  );
}

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

  /** Whether the watch has brought another term within the last moment. */
  get isNew(): boolean {
    return this.#clock.monotonic() < this.#until - URGENT_MILLISECONDS + JUST_NOW_MILLISECONDS;
  }

  /** Longest time until a decision is made again, or its action is repeated, in milliseconds. */
  longestPause(decision: Decision, member: MemberState | null): number {
    const isHurried =
      decision.kind === 'wait' ? decision.reason === 'acknowledger' : HURRIED.has(decision.kind);
    if (isHurried && this.#clock.monotonic() < this.#until) {
      return URGENT_PAUSE_MILLISECONDS;
    }
    return member !== null && hearsNothing(member) ? SILENT_PAUSE_MILLISECONDS : Infinity;
  }
}
