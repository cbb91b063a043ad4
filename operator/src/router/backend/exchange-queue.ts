import { errorMessage } from '../../engines/engine-error.ts';
import { abortReason } from '../../runtime/abort.ts';
import { FRAME_HEADER, type FrameSink } from '../../wire/frame.ts';
import type { PacketChannel } from '../../wire/packet-channel.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';
import { decodeError, ERROR_HEADER } from '../../wire/server-error.ts';
import { AbortWatch, type AbortWatcher } from './abort-watch.ts';
import type { AnswerReader } from './answer-reader.ts';
import { BackendError } from './backend-error.ts';

/** Commands that are sent together, and what becomes of their answers. */
export interface Exchange {
  /** It is this exchange's turn: sends its commands; returns a reader for each that has an answer, in their order. */
  begin(): readonly AnswerReader[];
  /** All answers are there. */
  end(): void;
  /** There will be no answer, or no more of it. */
  fail(error: BackendError): void;
}

const NO_READERS: readonly AnswerReader[] = [];

/** An exchange in the queue. */
class Entry implements AbortWatcher {
  readonly exchange: Exchange;
  /** Empty before its turn. */
  readers: readonly AnswerReader[] = NO_READERS;
  /** Index of the reader whose answer is awaited. */
  next = 0;
  /** A part of an answer has come. */
  answered = false;
  readonly #signal: AbortSignal | null;
  readonly #watch: AbortWatch | null;
  readonly #abort: (entry: Entry, reason: BackendError) => void;

  /** `signal`: null for what nobody gives up. `abort` is called when it aborts before the end. */
  constructor(
    exchange: Exchange,
    signal: AbortSignal | null,
    abort: (entry: Entry, reason: BackendError) => void,
  ) {
    this.exchange = exchange;
    this.#signal = signal;
    this.#watch = signal === null ? null : AbortWatch.of(signal);
    this.#abort = abort;
    this.#watch?.add(this);
  }

  aborted(): void {
    if (this.#signal !== null) {
      this.#abort(this, abortedBy(this.#signal));
    }
  }

  finish(): void {
    this.#watch?.remove(this);
    this.exchange.end();
  }

  fail(error: BackendError): void {
    this.#watch?.remove(this);
    this.exchange.fail(error);
  }

  /** The one whose answer is awaited. */
  reader(): AnswerReader {
    const reader = this.readers[this.next];
    if (reader === undefined) {
      throw new ProtocolError('malformed', 'more answers than commands');
    }
    return reader;
  }
}

/** Runs exchanges over a channel, one after the other. */
export class ExchangeQueue implements FrameSink {
  readonly #channel: PacketChannel;
  readonly #name: string;
  readonly #abandon: (reason: BackendError) => void;
  readonly #waiting: Entry[] = [];
  #turn: Entry | undefined;
  #failure: BackendError | undefined;
  #held = 0;
  readonly #ended = Promise.withResolvers<BackendError>();
  /** What the server said without being asked, before it closed the connection. */
  #lastWords: BackendError | undefined;

  /**
   * Attaches itself to the channel, and reads. `name`: of the server, for messages. `abandon` is called when an exchange is given up
   * that has begun, and is to end the connection.
   */
  constructor(channel: PacketChannel, name: string, abandon: (reason: BackendError) => void) {
    this.#channel = channel;
    this.#name = name;
    this.#abandon = abandon;
    channel.attach(this);
    channel.resume();
  }

  get failure(): BackendError | undefined {
    return this.#failure;
  }

  get ended(): Promise<BackendError> {
    return this.#ended.promise;
  }

  /** The exchange whose answers are awaited. */
  get current(): Exchange | undefined {
    return this.#turn?.exchange;
  }

  /**
   * Runs an exchange when those before have ended, at once if there are none. When the signal aborts before it began, it
   * fails; afterwards the connection is abandoned.
   */
  add(exchange: Exchange, signal: AbortSignal): void {
    if (this.#failure !== undefined) {
      exchange.fail(this.#failure.during('NotSent'));
      return;
    }
    if (signal.aborted) {
      exchange.fail(abortedBy(signal));
      return;
    }
    const entry = new Entry(exchange, signal, this.#onAbort);
    if (this.#turn === undefined && this.#held === 0 && this.#waiting.length === 0) {
      this.#begin(entry);
    } else {
      this.#waiting.push(entry);
    }
  }

  readonly #onAbort = (entry: Entry, reason: BackendError): void => {
    const place = this.#waiting.indexOf(entry);
    if (place === -1) {
      this.#abandon(reason);
    } else {
      this.#waiting.splice(place, 1);
      entry.fail(reason);
    }
  };

  /** Lets no exchange begin until the returned function is called; `first` then goes before all others. */
  holdBack(): (first: Exchange) => void {
    this.#held += 1;
    return (first) => {
      this.#held -= 1;
      this.#waiting.unshift(new Entry(first, null, this.#onAbort));
      this.#continue();
    };
  }

  /** Fails everything, with `reason`; the channel is the caller's to close. */
  giveUp(reason: BackendError): void {
    if (this.#failure !== undefined) {
      return;
    }
    this.#failure = reason;
    const turn = this.#turn;
    this.#turn = undefined;
    if (turn !== undefined) {
      turn.fail(reason.during(turn.answered ? 'Answered' : 'Unanswered'));
    }
    for (const entry of this.#waiting.splice(0)) {
      entry.fail(reason.during('NotSent'));
    }
    this.#ended.resolve(reason);
  }

  frame(buffer: Buffer, start: number, end: number): void {
    const turn = this.#turn;
    if (turn === undefined) {
      this.#unasked(buffer.subarray(start + FRAME_HEADER, end));
      return;
    }
    turn.answered = true;
    if (turn.reader().frame(buffer, start, end)) {
      turn.next += 1;
      if (turn.next === turn.readers.length) {
        this.#turn = undefined;
        turn.finish();
        this.#continue();
      }
    }
  }

  more(buffer: Buffer, start: number, limit: number): number {
    const turn = this.#turn;
    return turn?.readers[turn.next]?.more?.(buffer, start, limit) ?? start;
  }

  settled(): void {
    if (this.#turn !== undefined && this.#turn.next < this.#turn.readers.length) {
      this.#turn.reader().settled();
    }
  }

  closed(cause: Error | null): void {
    // Given up already: by somebody who closes the channel in his own way.
    if (this.#failure === undefined) {
      this.giveUp(this.#lastWords ?? this.#whyClosed(cause));
      this.#channel.destroy();
    }
  }

  #whyClosed(cause: Error | null): BackendError {
    if (cause instanceof ProtocolError && cause.code !== 'closed') {
      return new BackendError(
        'ProtocolViolation',
        `${this.#name} does not speak the protocol: ${cause.message}`,
        { cause },
      );
    }
    const { code } = (cause ?? {}) as NodeJS.ErrnoException;
    if (cause === null || cause instanceof ProtocolError || code !== undefined) {
      const options = cause === null ? {} : { cause };
      return new BackendError(
        'ConnectionLost',
        `${this.#name} closed the connection${code === undefined ? '' : `: ${code}`}`,
        options,
      );
    }
    return new BackendError(
      'Aborted',
      `the answer of ${this.#name} could not be handed on: ${errorMessage(cause)}`,
      { cause },
    );
  }

  #continue(): void {
    while (this.#turn === undefined && this.#held === 0 && this.#failure === undefined) {
      const entry = this.#waiting.shift();
      if (entry === undefined) {
        return;
      }
      this.#begin(entry);
    }
  }

  /** Its turn has come. */
  #begin(entry: Entry): void {
    entry.readers = entry.exchange.begin();
    if (entry.readers.length === 0) {
      entry.finish();
    } else {
      this.#turn = entry;
    }
  }

  /** A server that shuts down, or ends an idle connection, says so. */
  #unasked(payload: Buffer): void {
    if (payload[0] !== ERROR_HEADER) {
      throw new ProtocolError('malformed', 'an answer that nobody asked for');
    }
    const serverError = decodeError(payload);
    this.#lastWords = new BackendError(
      'ConnectionLost',
      `${this.#name} ended the connection: ${serverError.errno} ${serverError.message}`,
      { serverError },
    );
  }
}

function abortedBy(signal: AbortSignal): BackendError {
  return new BackendError('Aborted', 'the request was given up', { cause: abortReason(signal) });
}
