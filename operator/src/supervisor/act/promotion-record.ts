import type { PromotionPhase, PromotionReason, PromotionReport } from '../../core/instance-report.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type ShardObservation, stateOf } from '../observe-shard.ts';

/** What is known of a promotion while it is under way. */
export class PromotionRecord {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #phases: Partial<Record<PromotionPhase, number>> = {};
  readonly epoch: number;
  readonly from: string | null;
  readonly reason: PromotionReason;
  #mark: number;
  #winner: { readonly pod: string; readonly at: number; readonly mayBeMissing: string | null } | null = null;
  #isOpen = false;

  constructor(
    clock: Pick<Clock, 'now' | 'monotonic'>,
    about: { readonly epoch: number; readonly from: string | null; readonly reason: PromotionReason },
  ) {
    this.#clock = clock;
    this.epoch = about.epoch;
    this.from = about.from;
    this.reason = about.reason;
    this.#mark = clock.monotonic();
  }

  /** Notes a phase of which the length, in milliseconds, is known from elsewhere. */
  note(phase: PromotionPhase, milliseconds: number): void {
    this.#phases[phase] = Math.round(milliseconds);
  }

  /** Ends a phase, which began when the one before ended. */
  end(phase: PromotionPhase): void {
    const now = this.#clock.monotonic();
    this.note(phase, now - this.#mark);
    this.#mark = now;
  }

  /** Notes who was written to the map. */
  published(pod: string, mayMiss: readonly string[]): void {
    const mayBeMissing =
      mayMiss.length === 0
        ? null
        : `writes that only ${mayMiss.join(' and ')} may have, or ${this.from ?? 'the former primary'}`;
    this.#winner = { pod, at: this.#clock.now(), mayBeMissing };
  }

  /** Looks at the winner, and returns true once: when it is first seen to take writes. */
  follow(observation: ShardObservation): boolean {
    const { shard } = observation;
    if (this.#winner === null || this.#isOpen || shard.epoch !== this.epoch) {
      return false;
    }
    const member = stateOf(observation, this.#winner.pod)?.member;
    const hasDrained = member !== null && member !== undefined && member.role.kind !== 'replica';
    if (hasDrained && this.#phases.drain === undefined) {
      this.end('drain');
    }
    if (!observation.hasOpened || !hasDrained) {
      return false;
    }
    this.end('promote');
    this.#isOpen = true;
    return true;
  }

  /** What is told of it; null before there is a winner. */
  get report(): PromotionReport | null {
    if (this.#winner === null) {
      return null;
    }
    const { pod, at, mayBeMissing } = this.#winner;
    const { epoch, from, reason } = this;
    return { epoch, from, reason, at, mayBeMissing, to: pod, phases: { ...this.#phases } };
  }
}

/** A promotion in a sentence, with the milliseconds of its phases. */
export function describePromotion(
  shard: string,
  { epoch, from, to, reason, phases, mayBeMissing }: PromotionReport,
): string {
  const parts = Object.entries(phases).map(([phase, milliseconds]) => `${phase} ${milliseconds} ms`);
  const total = Object.values(phases).reduce((sum, milliseconds) => sum + milliseconds, 0);
  const missing = mayBeMissing === null ? '' : ` What may be missing: ${mayBeMissing}.`;
  return (
    `${to} is the primary of ${shard} in epoch ${epoch}, after ${from ?? 'another instance'} (${reason}); ` +
    `${total} ms: ${parts.join(', ')}.${missing}`
  );
}
