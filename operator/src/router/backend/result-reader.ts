import type { Capabilities } from '../../wire/capabilities.ts';
import { FRAME_HEADER, isFullFrame, payloadsOf, readFrameLength } from '../../wire/frame.ts';
import { decodeOk, EOF_HEADER, LOCAL_FILE_HEADER, OK_HEADER } from '../../wire/ok-packet.ts';
import { PayloadReader } from '../../wire/payload-reader.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';
import { decodeError, ERROR_HEADER } from '../../wire/server-error.ts';
import { SERVER_STATUS } from '../../wire/server-status.ts';
import type { SessionChanges } from '../../wire/session-changes.ts';
import { type AnswerReader, expectWholePayload, wholePayload } from './answer-reader.ts';
import type { ServerError } from './backend-error.ts';
import type { Completion, Outcome } from './outcome.ts';
import type { ResultSink } from './result-sink.ts';

/** What a reader tells its connection. */
export interface ResultReaderOwner {
  readonly capabilities: Capabilities;
  /** The next statement of the prelude has succeeded. */
  preludeSucceeded(completion: Completion): void;
  /** A result has ended well. */
  completed(completion: Completion): void;
  /** The sink has enough; it is asked for `onDrain` by the owner. */
  full(sink: ResultSink): void;
  /** The server wants a file. */
  localFileWanted(sink: ResultSink, name: Buffer, payload: Buffer): void;
}

/** Where an answer stands. */
type Place = 'begin' | 'definitions' | 'rows';

const NO_OPTIONS = {} as const;

/** Columns that a table, and so a result, of MariaDB can have. */
const COLUMN_LIMIT = 4096;

/** Reads results and gives them to a sink; rows as runs of frames, of which only the first byte is looked at. */
export class ResultReader implements AnswerReader {
  readonly #sink: ResultSink;
  readonly #owner: ResultReaderOwner;
  #prelude: number;
  #place: Place;
  #awaitedDefinitions = 0;
  /** Payloads of those that have come; null while they and their number are one run of frames. */
  #definitions: Buffer[] | null = null;
  /** The frame before was full: the next one continues its row. */
  #continued = false;
  /** Frames that are not handed on yet: rows, or the definitions of columns with their number. */
  #run: Buffer | undefined;
  #runStart = 0;
  #runEnd = 0;

  #error: ServerError | undefined;
  #completion: Completion | undefined;
  #results = 0;
  #changes: SessionChanges[] | undefined;
  #lastGtid: string | undefined;

  /** `prelude`: how many results come before those of the statement. `place`: `rows` for a fetch. */
  constructor(
    sink: ResultSink,
    owner: ResultReaderOwner,
    options: { readonly prelude?: number; readonly place?: Place } = NO_OPTIONS,
  ) {
    this.#sink = sink;
    this.#owner = owner;
    this.#prelude = options.prelude ?? 0;
    this.#place = options.place ?? 'begin';
  }

  /** How it ended; to be asked for when the answer is complete. */
  outcome(): Outcome {
    return {
      error: this.#error,
      inPrelude: this.#error !== undefined && this.#prelude > 0,
      completion: this.#completion,
      results: this.#results,
      changes: this.#changes ?? [],
      lastGtid: this.#lastGtid,
    };
  }

  frame(buffer: Buffer, start: number, end: number): boolean {
    switch (this.#place) {
      case 'rows':
        return this.#rowFrame(buffer, start, end);
      case 'definitions':
        this.#definition(buffer, start, end);
        return false;
      default:
        return this.#begin(buffer, start, end);
    }
  }

  more(buffer: Buffer, start: number, limit: number): number {
    const isBehindRow = this.#place === 'rows' && this.#run === buffer && this.#runEnd === start;
    if (!isBehindRow || this.#continued) {
      return start;
    }
    let end = start;
    while (end + FRAME_HEADER < limit) {
      const next = end + FRAME_HEADER + readFrameLength(buffer, end);
      const first = buffer[end + FRAME_HEADER] as number;
      // What may be no row, or a part of one, is looked at as a frame of its own.
      const isRow = next > end + FRAME_HEADER && first < EOF_HEADER && !isFullFrame(end, next);
      if (!isRow || next > limit) {
        break;
      }
      end = next;
    }
    this.#runEnd = end;
    return end;
  }

  settled(): void {
    const run = this.#run;
    if (run !== undefined && this.#place === 'rows') {
      this.#run = undefined;
      if (!this.#sink.rows(run, this.#runStart, this.#runEnd)) {
        this.#owner.full(this.#sink);
      }
    }
  }

  #begin(buffer: Buffer, start: number, end: number): boolean {
    expectWholePayload(start, end);
    switch (buffer[start + FRAME_HEADER]) {
      case OK_HEADER:
        return this.#ok(buffer.subarray(start + FRAME_HEADER, end));
      case ERROR_HEADER:
        return this.#fail(buffer.subarray(start + FRAME_HEADER, end));
      case LOCAL_FILE_HEADER:
        this.#expectNoPrelude();
        this.#owner.localFileWanted(
          this.#sink,
          buffer.subarray(start + FRAME_HEADER + 1, end),
          buffer.subarray(start + FRAME_HEADER, end),
        );
        return false;
      default: {
        this.#expectNoPrelude();
        const count = new PayloadReader(buffer, start + FRAME_HEADER, end).lengthEncoded();
        if (count > COLUMN_LIMIT) {
          throw new ProtocolError('malformed', `a result of ${count} columns`);
        }
        this.#awaitedDefinitions = count;
        this.#definitions = null;
        this.#run = buffer;
        this.#runStart = start;
        this.#runEnd = end;
        this.#place = 'definitions';
        return false;
      }
    }
  }

  #ok(payload: Buffer): boolean {
    const completion = decodeOk(payload, this.#owner.capabilities);
    if (this.#prelude > 0) {
      this.#prelude -= 1;
      this.#owner.preludeSucceeded(completion);
      return this.#isLast(completion);
    }
    this.#complete(completion);
    this.#sink.ok(completion, payload);
    return this.#isLast(completion);
  }

  #definition(buffer: Buffer, start: number, end: number): void {
    expectWholePayload(start, end);
    this.#awaitedDefinitions -= 1;
    if (this.#definitions === null && this.#run === buffer && this.#runEnd === start) {
      this.#runEnd = end;
    } else {
      this.#definitions ??= this.#definitionsOfRun();
      this.#definitions.push(buffer.subarray(start + FRAME_HEADER, end));
    }
    if (this.#awaitedDefinitions === 0) {
      this.#columns();
    }
  }

  /** All definitions are there. */
  #columns(): void {
    const run = this.#run;
    const sink = this.#sink;
    this.#place = 'rows';
    if (this.#definitions === null && run !== undefined && sink.columnFrames !== undefined) {
      this.#run = undefined;
      sink.columnFrames(run, this.#runStart, this.#runEnd);
      return;
    }
    const definitions = this.#definitions ?? this.#definitionsOfRun();
    this.#run = undefined;
    this.#definitions = null;
    sink.columns(definitions);
  }

  /** Without the number in front of them. */
  #definitionsOfRun(): Buffer[] {
    return this.#run === undefined ? [] : payloadsOf(this.#run, this.#runStart, this.#runEnd).slice(1);
  }

  #rowFrame(buffer: Buffer, start: number, end: number): boolean {
    if (!this.#continued && end - start > FRAME_HEADER) {
      const first = buffer[start + FRAME_HEADER];
      if (first === ERROR_HEADER) {
        this.settled();
        return this.#fail(wholePayload(buffer, start, end));
      }
      // A row whose first value is that long begins with a full frame.
      if (first === EOF_HEADER && !isFullFrame(start, end)) {
        this.settled();
        return this.#endRows(buffer.subarray(start + FRAME_HEADER, end));
      }
    }
    this.#continued = isFullFrame(start, end);
    if (this.#run === buffer && this.#runEnd === start) {
      this.#runEnd = end;
    } else {
      this.settled();
      this.#run = buffer;
      this.#runStart = start;
      this.#runEnd = end;
    }
    return false;
  }

  #endRows(payload: Buffer): boolean {
    const completion = decodeOk(payload, this.#owner.capabilities);
    this.#place = 'begin';
    this.#complete(completion);
    this.#sink.end(completion, payload);
    return this.#isLast(completion);
  }

  #complete(completion: Completion): void {
    this.#completion = completion;
    this.#results += 1;
    const { changes } = completion;
    if (changes !== null) {
      (this.#changes ??= []).push(changes);
      this.#lastGtid = changes.systemVariables?.get('last_gtid') ?? this.#lastGtid;
    }
    this.#owner.completed(completion);
  }

  #fail(payload: Buffer): boolean {
    this.#error = decodeError(payload);
    this.#completion = undefined;
    if (this.#prelude === 0) {
      this.#sink.error(this.#error, payload);
    }
    return true;
  }

  #isLast(completion: Completion): boolean {
    const more = (completion.status & SERVER_STATUS.moreResults) !== 0;
    if (!more && this.#prelude > 0) {
      throw new ProtocolError('malformed', 'the answer ended before the statement');
    }
    return !more;
  }

  #expectNoPrelude(): void {
    if (this.#prelude > 0) {
      throw new ProtocolError('malformed', 'rows or a file where a prelude has none');
    }
  }
}
