import type { ServerError } from '../../operator/src/router/backend/backend-error.ts';
import type { Completion } from '../../operator/src/router/backend/outcome.ts';
import type { LocalFile, ResultSink } from '../../operator/src/router/backend/result-sink.ts';
import { encodeColumnCount } from '../../operator/src/wire/column-definition.ts';
import { FRAME_HEADER, readFrameLength } from '../../operator/src/wire/frame.ts';
import { PayloadAssembler } from '../../operator/src/wire/packet-queue.ts';
import { decodeTextRow } from '../../operator/src/wire/text-row.ts';

/** Keeps the payloads of answers, as the server wrote them. */
export class TranscriptSink implements ResultSink {
  /** Whole answers; a client with the same capabilities gets the same. */
  readonly payloads: Buffer[] = [];
  readonly rowPayloads: Buffer[] = [];
  readonly completions: Completion[] = [];
  failure: ServerError | undefined;
  file: LocalFile | null = null;
  readonly #assembler = new PayloadAssembler();
  #columns = 0;

  columns(definitions: readonly Buffer[]): void {
    this.#columns = definitions.length;
    this.payloads.push(
      encodeColumnCount(definitions.length),
      ...definitions.map((definition) => Buffer.from(definition)),
    );
  }

  rows(buffer: Buffer, start: number, end: number): boolean {
    for (let at = start; at < end;) {
      const next = at + FRAME_HEADER + readFrameLength(buffer, at);
      const payload = this.#assembler.add(buffer, at, next);
      if (payload !== null) {
        this.rowPayloads.push(payload);
        this.payloads.push(payload);
      }
      at = next;
    }
    return true;
  }

  onDrain(callback: () => void): void {
    callback();
  }

  end(completion: Completion, payload: Buffer): void {
    this.completions.push(completion);
    this.payloads.push(Buffer.from(payload));
  }

  ok(completion: Completion, payload: Buffer): void {
    this.end(completion, payload);
  }

  error(error: ServerError, payload: Buffer): void {
    this.failure = error;
    this.payloads.push(Buffer.from(payload));
  }

  localFile(): LocalFile | null {
    return this.file;
  }

  /** Values of the rows of the text protocol. */
  values(): (string | null)[][] {
    return this.rowPayloads.map((payload) =>
      decodeTextRow(payload, this.#columns).map((value) => value?.toString('utf8') ?? null),
    );
  }
}
