import type { ServerError } from '../backend/backend-error.ts';
import type { Completion } from '../backend/outcome.ts';
import type { LocalFile } from '../backend/result-sink.ts';
import type { ClientAnswer } from '../client/client-answer.ts';
import type { HoldingSink } from './shard-runner.ts';

/** What of an answer's end is the session's, and not the server connection's that happened to run the statement. */
export interface AnswerEnd {
  /** The session's status. */
  readonly status: number;
  /** Bits that the session answers for; the others are the server's. */
  readonly statusBits: number;
  /** The id to tell instead of the server's; undefined leaves it. */
  readonly lastInsertId: bigint | undefined;
}

/**
 * Hands an answer on to a client as it comes, rows undecoded, with the session's own status at its ends. An error is held
 * back: whoever runs the statement decides whether the client gets it or the statement another chance, which it can have
 * only while nothing was handed on.
 */
export class RelaySink implements HoldingSink {
  failure: { readonly error: ServerError; readonly payload: Buffer } | undefined;
  hasBegun = false;
  /** Rows ended, or the statement had none: what FOUND_ROWS() and ROW_COUNT() ask for. */
  completion: Completion | undefined;
  readonly #answer: ClientAnswer;
  readonly #end: () => AnswerEnd;
  readonly #signal: AbortSignal;

  constructor(answer: ClientAnswer, end: () => AnswerEnd, signal: AbortSignal) {
    this.#answer = answer;
    this.#end = end;
    this.#signal = signal;
  }

  columns(definitions: readonly Buffer[]): void {
    this.hasBegun = true;
    this.#answer.encodedColumns(definitions, this.#end().status);
  }

  rows(buffer: Buffer, start: number, end: number): boolean {
    this.hasBegun = true;
    return this.#answer.frames(buffer, start, end);
  }

  onDrain(callback: () => void): void {
    this.#whenDrained(callback).catch(() => {});
  }

  end(completion: Completion): void {
    this.hasBegun = true;
    this.completion = completion;
    this.#answer.endOfRows(this.#status(completion), completion.warnings);
  }

  ok(completion: Completion): void {
    this.hasBegun = true;
    this.completion = completion;
    const { affectedRows, warnings, message } = completion;
    this.#answer.ok({
      affectedRows,
      lastInsertId: this.#end().lastInsertId ?? completion.lastInsertId,
      status: this.#status(completion),
      warnings,
      message,
      changes: null,
    });
  }

  error(error: ServerError, payload: Buffer): void {
    this.failure = { error, payload };
  }

  localFile(): LocalFile | null {
    return null;
  }

  /** A client that has gone makes the request abort by its signal; the reader is freed either way. */
  async #whenDrained(callback: () => void): Promise<void> {
    try {
      await this.#answer.drained(this.#signal);
    } finally {
      callback();
    }
  }

  #status(completion: Completion): number {
    const { status, statusBits } = this.#end();
    return (completion.status & ~statusBits) | status;
  }
}
