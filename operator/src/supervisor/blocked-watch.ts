import type { InstanceProblem } from '../core/instance-report.ts';

/** What settles itself within this time nobody has to hear of. Milliseconds. */
const PATIENCE_MILLISECONDS = 2000;

/** Knows whether a promotion is wanted and not allowed, and has been so for long enough to be told. */
export class BlockedWatch {
  #since: number | null = null;
  #problem: InstanceProblem | null = null;

  /** What is in the way and lasts; null for nothing. */
  get problem(): InstanceProblem | null {
    return this.#problem;
  }

  /** Takes in what is in the way now, null for nothing. `now` in monotonic milliseconds. */
  note(problem: InstanceProblem | null, now: number): void {
    this.#since = problem === null ? null : (this.#since ?? now);
    this.#problem = this.#since !== null && now - this.#since >= PATIENCE_MILLISECONDS ? problem : null;
  }
}
