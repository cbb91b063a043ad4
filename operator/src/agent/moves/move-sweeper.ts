import type { SlotTransfer } from '../../engines/slot-transfer.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';

export interface MoveSweeperOptions {
  readonly transfer: Pick<SlotTransfer, 'readProgress' | 'forget'>;
  /** Identities of the moves on the map, read now. Rejects where they cannot be had. */
  readonly readIds: (signal: AbortSignal) => Promise<ReadonlySet<string>>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const AGAIN_MILLISECONDS = 1000;

/** Forgets what the database records of moves that have left the map: of a way back that was taken, for one. */
export class MoveSweeper {
  readonly #options: MoveSweeperOptions;
  /** Once at the beginning, too: whoever should have done it may have been killed. */
  #isDue = true;
  #sweeping: Promise<void> | null = null;

  constructor(options: MoveSweeperOptions) {
    this.#options = options;
  }

  /** Begins to sweep where a move has gone, or nobody has swept yet. */
  update(hasGone: boolean, signal: AbortSignal): void {
    this.#isDue ||= hasGone;
    if (this.#isDue && this.#sweeping === null && !signal.aborted) {
      this.#sweeping = this.#sweep(signal).finally(() => {
        this.#sweeping = null;
      });
    }
  }

  /** Resolves when nothing is under way. */
  async whenIdle(): Promise<void> {
    await this.#sweeping;
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const { transfer, readIds, clock, logger } = this.#options;
    while (this.#isDue && !signal.aborted) {
      try {
        this.#isDue = false;
        // In this order: what is recorded of a move that the map does not have yet cannot be among it.
        const recorded = await transfer.readProgress(signal);
        const ids = recorded.length === 0 ? new Set<string>() : await readIds(signal);
        for (const { moveId } of recorded.filter((each) => !ids.has(each.moveId))) {
          await transfer.forget(moveId, signal);
        }
      } catch (error) {
        this.#isDue = true;
        if (!signal.aborted) {
          logger.warn('what is left of moves cannot be removed', errorFields(error));
        }
        await clock.sleep(AGAIN_MILLISECONDS, signal).catch(() => {});
      }
    }
  }
}
