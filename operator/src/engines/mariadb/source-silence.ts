/** How long nothing has come from the source of a replica. */
import type { Clock } from '../../runtime/clock.ts';
import { known, unknown, type Measure } from '../measure.ts';
import type { SlaveStatus } from './slave-status.ts';

/**
 * Compares each look with the one before: the server counts what it receives, and does not say when that was. What
 * it tells is so at most the time between two looks too long, and never so long as nobody looked.
 */
export class SourceSilence {
  readonly #clock: Clock;
  #mark: string | undefined;
  /** When something new was seen last, monotonic milliseconds. */
  #heardAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the newest status into account; undefined for a server that follows nobody. */
  measure(slave: SlaveStatus | undefined): Measure {
    if (slave?.receiving.kind !== 'running') {
      this.#mark = undefined;
      return unknown('it does not receive from its source');
    }
    const now = this.#clock.monotonic();
    if (slave.receivedMark !== this.#mark) {
      this.#mark = slave.receivedMark;
      this.#heardAt = now;
    }
    return known(now - this.#heardAt);
  }
}
