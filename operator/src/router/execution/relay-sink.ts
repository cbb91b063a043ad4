import type { ServerError } from '../backend/backend-error.ts';
import type { Completion } from '../backend/outcome.ts';
import type { LocalFile } from '../backend/result-sink.ts';
import type { ClientAnswer } from '../client/client-answer.ts';
import { FRAME_HEADER, isFullFrame, readFrameLength } from '../../wire/frame.ts';
import { type KnownKeyspaces, renameDefinition, renameFrames } from './client-columns.ts';
import type { HoldingSink } from './shard-request.ts';

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
 * Hands an answer on to a client as it comes, rows undecoded, with the session's own status at its ends, and with the keyspace as the
 * schema of its columns. An error is held back: whoever runs the statement decides whether the client gets it or the statement another chance, which it can have
 * only while nothing was handed on.
 */
export class RelaySink implements HoldingSink {
  failure: { readonly error: ServerError; readonly payload: Buffer } | undefined;
  hasBegun = false;
  /** Rows ended, or the statement had none: what FOUND_ROWS() and ROW_COUNT() ask for. */
  completion: Completion | undefined;
  /** Rows handed on, of the last result. */
  rowCount = 0;
  readonly #answer: ClientAnswer;
  readonly #end: (completion?: Completion) => AnswerEnd;
  readonly #keyspaces: KnownKeyspaces;
  readonly #signal: AbortSignal;

  /** `end` is asked for each end of a part of the answer: with the server's own, where there is one. */
  constructor(
    answer: ClientAnswer,
    end: (completion?: Completion) => AnswerEnd,
    keyspaces: KnownKeyspaces,
    signal: AbortSignal,
  ) {
    this.#answer = answer;
    this.#end = end;
    this.#keyspaces = keyspaces;
    this.#signal = signal;
  }

  columns(definitions: readonly Buffer[]): void {
    this.hasBegun = true;
    this.rowCount = 0;
    const renamed = definitions.map((definition) => renameDefinition(definition, this.#keyspaces));
    this.#answer.encodedColumns(renamed, this.#end().status);
  }

  columnFrames(buffer: Buffer, start: number, end: number): void {
    this.hasBegun = true;
    this.rowCount = 0;
    const renamed = renameFrames(buffer, start, end, this.#keyspaces);
    this.#answer.columnFrames(buffer, start, renamed, this.#end().status);
  }

  rows(buffer: Buffer, start: number, end: number): boolean {
    this.hasBegun = true;
    this.#countRows(buffer, start, end);
    return this.#answer.frames(buffer, start, end);
  }

  onDrain(callback: () => void): void {
    this.#whenDrained(callback).catch(() => {});
  }

  end(completion: Completion): void {
    this.hasBegun = true;
    this.completion = completion;
    const { status, statusBits } = this.#end(completion);
    this.#answer.endOfRows(mixedStatus(completion, status, statusBits), completion.warnings);
  }

  ok(completion: Completion): void {
    this.hasBegun = true;
    this.completion = completion;
    const { affectedRows, warnings, message } = completion;
    const { lastInsertId, status, statusBits } = this.#end(completion);
    this.#answer.ok({
      affectedRows,
      lastInsertId: lastInsertId ?? completion.lastInsertId,
      status: mixedStatus(completion, status, statusBits),
      warnings,
      message,
      changes: null,
    });
  }

  error(error: ServerError, payload: Buffer): void {
    this.failure = { error, payload };
  }

  localFile(_name: Buffer): LocalFile | null {
    return null;
  }

  /** Before they go: their headers are written anew on the way. A row of 16 MiB and more ends with its last frame. */
  #countRows(buffer: Buffer, start: number, end: number): void {
    for (let at = start; at < end;) {
      const next = at + FRAME_HEADER + readFrameLength(buffer, at);
      if (!isFullFrame(at, next)) {
        this.rowCount += 1;
      }
      at = next;
    }
  }

  /** A client that has gone makes the request abort by its signal; the reader is freed either way. */
  async #whenDrained(callback: () => void): Promise<void> {
    try {
      await this.#answer.drained(this.#signal);
    } finally {
      callback();
    }
  }
}

function mixedStatus(completion: Completion, status: number, statusBits: number): number {
  return (completion.status & ~statusBits) | status;
}
