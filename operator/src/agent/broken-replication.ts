import type { MemberState, ReplicationActivity } from '../engines/member-state.ts';
import type { Clock } from '../runtime/clock.ts';

/** What keeps replication from going on. */
export interface Breakage {
  readonly reason: string;
  readonly forMilliseconds: number;
}

/** Replication that runs for so long has not broken again: one that is told to follow runs for a moment, too. */
const MENDED_MILLISECONDS = 5000;

/** Since when a replica receives or applies no more, for a reason that does not pass by itself. */
export class BrokenReplication {
  readonly #clock: Clock;
  #reason = '';
  #since: number | null = null;
  /** Since when it has run again. */
  #mendedSince: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get found(): Breakage | null {
    return this.#since === null
      ? null
      : { reason: this.#reason, forMilliseconds: this.#clock.monotonic() - this.#since };
  }

  reset(): void {
    this.#since = null;
    this.#mendedSince = null;
  }

  /** Takes note of a look at the server; `failure` is what this agent has last tried in vain to get it going. */
  look(member: MemberState | null, failure: string | null): void {
    const now = this.#clock.monotonic();
    const isRunning = member !== null && isAtWork(member);
    const reason = isRunning || failure === null ? failureOf(member) : failure;
    if (reason !== null) {
      this.#reason = reason;
      this.#since ??= now;
      this.#mendedSince = null;
      return;
    }
    if (this.#since !== null && isRunning) {
      this.#mendedSince ??= now;
      if (now - this.#mendedSince >= MENDED_MILLISECONDS) {
        this.reset();
      }
    }
  }
}

function failureOf(member: MemberState | null): string | null {
  if (member?.role.kind !== 'replica') {
    return null;
  }
  const { receiving, applying } = member.role.following;
  return reasonOf('applying', applying) ?? reasonOf('receiving', receiving);
}

function reasonOf(what: string, activity: ReplicationActivity): string | null {
  return activity.kind === 'failed'
    ? `${what} failed with error ${activity.error.number}: ${activity.error.message}`
    : null;
}

function isAtWork({ role }: MemberState): boolean {
  return (
    role.kind === 'replica' &&
    role.following.receiving.kind === 'running' &&
    role.following.applying.kind === 'running'
  );
}
