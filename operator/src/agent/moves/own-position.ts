import type { Position } from '../../engines/position.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import type { MoveRecord } from './move-record.ts';

export interface OwnPositionOptions {
  /** End of this server's own history, now. */
  readonly readEnd: (signal: AbortSignal) => Promise<Position>;
  /** Called when an end is known that was not. */
  readonly onRead: () => void;
  readonly logger: Logger;
}

/**
 * Keeps the end of the server's own history beside what moves have applied, while clients wait for a switch: whoever opens
 * here needs both, and the end read after.
 */
export class OwnPositionReader {
  readonly #options: OwnPositionOptions;
  #isReading = false;

  constructor(options: OwnPositionOptions) {
    this.#options = options;
  }

  /** Reads for these records, again as long as they move on meanwhile. */
  keepUp(records: () => readonly MoveRecord[], signal: AbortSignal): void {
    if (!this.#isReading && records().some((record) => isBehind(record))) {
      this.#isReading = true;
      void this.#read(records, signal).finally(() => {
        this.#isReading = false;
      });
    }
  }

  async #read(records: () => readonly MoveRecord[], signal: AbortSignal): Promise<void> {
    const { readEnd, onRead, logger } = this.#options;
    try {
      for (let due = records().filter(isBehind); due.length > 0; due = records().filter(isBehind)) {
        const reached = due.map((record) => ({ record, of: record.position }));
        const end = await readEnd(signal);
        for (const { record, of } of reached) {
          record.ownPosition = of === null ? null : { of, end };
        }
        onRead();
      }
    } catch (error) {
      if (!signal.aborted) {
        logger.warn('the end of the own history cannot be read', errorFields(error));
      }
    }
  }
}

function isBehind({ position, ownPosition }: MoveRecord): boolean {
  return position !== null && ownPosition?.of !== position;
}
