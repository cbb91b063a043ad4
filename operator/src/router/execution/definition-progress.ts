/** How far a definition is while it runs: for lists of processes, for clients that show progress, and for the log. */
import type { Timer } from '../../runtime/clock.ts';
import type { ClientAnswer } from '../client/client-answer.ts';
import type { StatementProgress } from '../session/session.ts';
import type { Execution } from './execution.ts';

/** Clients are told so often, and those that wait for no longer are told nothing. */
const REPORT_MILLISECONDS = 1000;

export interface ProgressOptions {
  readonly keyspace: string;
  /** `ALTER`, for the log, which gets no text of statements. */
  readonly verb: string;
  /** Databases in all. */
  readonly total: number;
}

/** Begins with nothing done; `end` has to be called. */
export class DefinitionProgress implements StatementProgress {
  readonly #execution: Execution;
  readonly #answer: ClientAnswer;
  readonly #options: ProgressOptions;
  readonly #began: number;
  #done = 0;
  #failed = 0;
  #timer: Timer;

  constructor(execution: Execution, answer: ClientAnswer, options: ProgressOptions) {
    this.#execution = execution;
    this.#answer = answer;
    this.#options = options;
    const { clock } = execution.environment;
    this.#began = clock.monotonic();
    this.#timer = clock.setTimer(REPORT_MILLISECONDS, () => this.#report());
    execution.session.progress = this;
  }

  get text(): string {
    const { total } = this.#options;
    const failed = this.#failed === 0 ? '' : `, failed in ${this.#failed}`;
    return `done in ${this.#done} of ${total} databases${failed}`;
  }

  get percent(): number {
    const { total } = this.#options;
    return total === 0 ? 0 : (100 * (this.#done + this.#failed)) / total;
  }

  /** One more database has come to its end. */
  finished(hasFailed: boolean): void {
    if (hasFailed) {
      this.#failed += 1;
    } else {
      this.#done += 1;
    }
  }

  /** Nobody is told any more. What was cut short, or failed somewhere, or took long, is in the log. */
  end(): void {
    this.#timer.cancel();
    const { session, environment } = this.#execution;
    session.progress = null;
    const { keyspace, verb, total } = this.#options;
    const milliseconds = Math.round(environment.clock.monotonic() - this.#began);
    const isWhole = this.#done === total;
    if (!isWhole || milliseconds >= REPORT_MILLISECONDS) {
      environment.logger[isWhole ? 'info' : 'warn'](
        isWhole ? 'a definition is done' : 'a definition is not in all of its databases',
        { keyspace, verb, done: this.#done, failed: this.#failed, total, milliseconds },
      );
    }
  }

  #report(): void {
    this.#answer.progress({ text: this.text, percent: this.percent });
    this.#timer = this.#execution.environment.clock.setTimer(REPORT_MILLISECONDS, () => this.#report());
  }
}
