import type { ServerError } from '../backend/backend-error.ts';
import type { LocalFile } from '../backend/result-sink.ts';
import { ResultTooLargeError } from './collecting-sink.ts';
import { RowSplitter } from './row-splitter.ts';
import type { HoldingSink } from './shard-request.ts';

/** Gathers the rows of one result as payloads. */
export class RowPayloadsSink implements HoldingSink {
  /** A result that is too large is not asked for again. */
  hasBegun = false;
  failure: { readonly error: ServerError; readonly payload: Buffer } | undefined;
  definitions: readonly Buffer[] = [];
  readonly payloads: Buffer[] = [];
  warnings = 0;
  readonly #splitter = new RowSplitter();
  #bytesLeft: number;

  /** `maxBytes`: of all rows; beyond them the connection is given up with {@link ResultTooLargeError}. */
  constructor(maxBytes: number) {
    this.#bytesLeft = maxBytes;
  }

  columns(definitions: readonly Buffer[]): void {
    this.definitions = definitions.map((definition) => Buffer.from(definition));
  }

  rows(buffer: Buffer, start: number, end: number): boolean {
    this.#bytesLeft -= end - start;
    if (this.#bytesLeft < 0) {
      this.hasBegun = true;
      throw new ResultTooLargeError('the rows are beyond the limit');
    }
    for (const payload of this.#splitter.split(buffer, start, end)) {
      this.payloads.push(payload);
    }
    return true;
  }

  onDrain(callback: () => void): void {
    callback();
  }

  end({ warnings }: { readonly warnings: number }): void {
    this.warnings = warnings;
  }

  ok(): void {
    // A SELECT has a result; of a statement without one there is nothing to gather.
  }

  error(error: ServerError, payload: Buffer): void {
    this.failure = { error, payload };
  }

  localFile(): LocalFile | null {
    return null;
  }
}
