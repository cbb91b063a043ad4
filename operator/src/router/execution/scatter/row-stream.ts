import { abortableWait, orAbort } from '../../../runtime/abort.ts';
import type { ColumnDefinition } from '../../../wire/column-definition.ts';
import { checkCommonColumns } from '../../merge/common-columns.ts';
import { MergeError } from '../../merge/merge-error.ts';
import type { RowSource } from '../../merge/merge-input.ts';

/** Room for rows that several streams share. */
export interface RowRoom {
  /** Bytes left. */
  bytes: number;
}

/** Most bytes that wait in a stream; or the room within which everything is kept. */
export type StreamLimit = { readonly window: number } | { readonly room: RowRoom };

/** One attempt to read a slot, as the stream sees it. */
export interface Attempted {
  /** Whether the merge has had rows of it. */
  hasBegun: boolean;
}

interface Batch {
  readonly attempt: Attempted;
  readonly rows: readonly Buffer[];
  readonly bytes: number;
}

/**
 * Rows on their way from servers to a merge. A stream with a window has the servers wait while more than that many bytes wait
 * for the merge; one with room keeps everything, within the room.
 */
export class RowStream implements RowSource {
  readonly #limit: StreamLimit;
  readonly #onFailure: (error: Error) => void;
  readonly #opened = Promise.withResolvers<readonly ColumnDefinition[]>();
  #columns: readonly ColumnDefinition[] | undefined;
  #batches: Batch[] = [];
  #bytes = 0;
  #hasEnded = false;
  #isDiscarded = false;
  #failure: Error | undefined;
  #wakeReader: (() => void) | undefined;
  #waiting: (() => void)[] = [];

  /** `onFailure`: the stream has failed, and the others of the statement need not go on. */
  constructor(limit: StreamLimit, onFailure: (error: Error) => void) {
    this.#limit = limit;
    this.#onFailure = onFailure;
    // A stream may fail before anybody has asked for it.
    this.#opened.promise.catch(() => {});
  }

  open(signal: AbortSignal): Promise<readonly ColumnDefinition[]> {
    return orAbort(this.#opened.promise, signal);
  }

  async read(signal: AbortSignal): Promise<readonly Buffer[] | null> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#failure !== undefined) {
        throw this.#failure;
      }
      const batch = this.#batches.shift();
      if (batch !== undefined) {
        batch.attempt.hasBegun = true;
        this.#free(batch.bytes);
        return batch.rows;
      }
      if (this.#hasEnded) {
        return null;
      }
      const more = abortableWait<void>(signal);
      this.#wakeReader = () => more.resolve();
      await more.promise;
    }
  }

  /** A slot answers with these columns; fails the stream where another one has answered otherwise. */
  begin(columns: readonly ColumnDefinition[]): void {
    if (this.#columns === undefined) {
      this.#columns = columns;
      this.#opened.resolve(columns);
      return;
    }
    try {
      checkCommonColumns(this.#columns, columns);
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /** Takes rows. @returns false when that is enough for now: wait for {@link whenDrained} */
  add(attempt: Attempted, rows: readonly Buffer[], bytes: number): boolean {
    if (this.#isDiscarded || rows.length === 0) {
      return true;
    }
    this.#batches.push({ attempt, rows, bytes });
    this.#bytes += bytes;
    if ('room' in this.#limit) {
      const { room } = this.#limit;
      room.bytes -= bytes;
      if (room.bytes < 0) {
        this.fail(
          new MergeError(
            'TooMuchMemory',
            'The rows of several slots that are kept to be sorted are beyond the limit: narrow the statement by WHERE or LIMIT, or give the key',
          ),
        );
      }
    }
    this.#wake();
    return !this.#isFull;
  }

  /** Forgets the rows of an attempt that failed before the merge had any. */
  retract(attempt: Attempted): void {
    const kept = this.#batches.filter((batch) => batch.attempt !== attempt);
    const dropped = this.#batches.filter((batch) => batch.attempt === attempt);
    this.#batches = kept;
    this.#free(dropped.reduce((sum, { bytes }) => sum + bytes, 0));
  }

  /** Calls back, once, when there is room for more. */
  whenDrained(callback: () => void): void {
    if (this.#isFull) {
      this.#waiting.push(callback);
    } else {
      callback();
    }
  }

  /** There are no more rows. */
  end(): void {
    this.#hasEnded = true;
    this.#opened.reject(new Error('a slot has answered without columns'));
    this.#wake();
  }

  /** Whoever reads gets this error, at once. */
  fail(error: Error): void {
    if (this.#failure !== undefined) {
      return;
    }
    this.#failure = error;
    this.#opened.reject(error);
    this.discard();
    this.#wake();
    this.#onFailure(error);
  }

  /** Drops all rows, those that come from now on too, so that answers get to their end. */
  discard(): void {
    this.#isDiscarded = true;
    const bytes = this.#bytes;
    this.#batches = [];
    this.#free(bytes);
  }

  get #isFull(): boolean {
    return 'window' in this.#limit && this.#bytes >= this.#limit.window;
  }

  #free(bytes: number): void {
    this.#bytes -= bytes;
    if ('room' in this.#limit) {
      this.#limit.room.bytes += bytes;
    } else if (this.#bytes * 2 <= this.#limit.window) {
      for (const callback of this.#waiting.splice(0)) {
        callback();
      }
    }
  }

  #wake(): void {
    const wake = this.#wakeReader;
    this.#wakeReader = undefined;
    wake?.();
  }
}
