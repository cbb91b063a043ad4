/**
 * Ends a primary that is cut off from everybody who could know that another was promoted. Without that, whoever can
 * still reach it would read from it, for as long as the cut lasts, what is no longer so. No write is at stake: those
 * wait for a replica.
 */

import type { MemberState } from '../engines/member-state.ts';

/** Whether a server takes writes that wait for a replica. */
export function takesGuardedWrites({ role, acknowledgement }: MemberState): boolean {
  return role.kind === 'primary' && acknowledgement.rule === 'oneReplica';
}

/** A tick that comes later than this beyond its time shows that this process was held up. */
const STALL_MILLISECONDS = 100;

/** How often to call {@link ContactFence.isCutOff}, in milliseconds. */
export const FENCE_TICK_MILLISECONDS = 100;

/** Knows who was heard when. All times are monotonic milliseconds. */
export class ContactFence {
  /** Since when the server has taken writes that wait for a replica; null while it does not. */
  #openSince: number | null = null;
  #heardAt = -Infinity;
  #tickedAt: number;
  /** For how long this process was held up since it heard somebody; undefined if it was not. */
  #stall: number | undefined;

  constructor(now: number) {
    this.#tickedAt = now;
  }

  /** Takes note of whether the server takes writes that wait for a replica, which is what makes contact count. */
  note(isOpen: boolean, now: number): void {
    this.#openSince = isOpen ? (this.#openSince ?? now) : null;
  }

  /** The operator that leads asked for something, or a replica acknowledged something, at that time. */
  heard(at: number): void {
    if (at > this.#heardAt) {
      this.#heardAt = at;
      this.#stall = undefined;
    }
  }

  /**
   * Whether nobody was heard for so long that the server has to end. To be asked at every tick: time in which this
   * process was held up is not silence, for what came meanwhile is yet to be read. That is granted once until somebody
   * is heard again, or a starved process would never find itself cut off.
   */
  isCutOff(fenceMilliseconds: number, now: number): boolean {
    const late = now - this.#tickedAt - FENCE_TICK_MILLISECONDS;
    this.#tickedAt = now;
    if (late > STALL_MILLISECONDS) {
      this.#stall ??= late;
    }
    return this.#openSince !== null && this.silence(now) >= fenceMilliseconds;
  }

  /** For how long nobody was heard, in milliseconds; 0 while the server does not take such writes. */
  silence(now: number): number {
    return this.#openSince === null ? 0 : now - Math.max(this.#heardAt, this.#openSince) - (this.#stall ?? 0);
  }
}
