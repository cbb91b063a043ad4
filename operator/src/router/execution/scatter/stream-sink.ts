import type { ServerError } from '../../backend/backend-error.ts';
import type { Completion } from '../../backend/outcome.ts';
import type { LocalFile } from '../../backend/result-sink.ts';
import { type ColumnDefinition, decodeColumn } from '../../../wire/column-definition.ts';
import type { Capabilities } from '../../../wire/capabilities.ts';
import { RowSplitter } from '../row-splitter.ts';
import type { HoldingSink } from '../shard-request.ts';
import type { Attempted, RowStream } from './row-stream.ts';

/** Hands the rows of one slot to a stream: one attempt to read it. */
export class StreamSink implements HoldingSink, Attempted {
  hasBegun = false;
  failure: { readonly error: ServerError; readonly payload: Buffer } | undefined;
  warnings = 0;
  readonly #stream: RowStream;
  readonly #capabilities: Capabilities;
  readonly #splitter = new RowSplitter();

  /** `capabilities`: of the client, under which definitions of columns are read. */
  constructor(stream: RowStream, capabilities: Capabilities) {
    this.#stream = stream;
    this.#capabilities = capabilities;
  }

  columns(definitions: readonly Buffer[]): void {
    this.#stream.begin(
      // A copy: the connection uses its buffer again.
      definitions.map((definition): ColumnDefinition =>
        decodeColumn(Buffer.from(definition), this.#capabilities),
      ),
    );
  }

  rows(buffer: Buffer, start: number, end: number): boolean {
    return this.#stream.add(this, this.#splitter.split(buffer, start, end), end - start);
  }

  onDrain(callback: () => void): void {
    this.#stream.whenDrained(callback);
  }

  end({ warnings }: Completion): void {
    this.warnings = warnings;
  }

  ok(): void {
    // A SELECT has a result; of a statement without one there is nothing to hand on.
  }

  error(error: ServerError, payload: Buffer): void {
    this.failure = { error, payload: Buffer.from(payload) };
  }

  localFile(): LocalFile | null {
    return null;
  }
}
