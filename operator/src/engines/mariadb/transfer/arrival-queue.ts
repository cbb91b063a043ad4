/** The events of a log, as they arrive. */
import { abortReason } from '../../../runtime/abort.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { FrameSink } from '../../../wire/frame.ts';
import { EOF_HEADER } from '../../../wire/ok-packet.ts';
import type { PacketChannel } from '../../../wire/packet-channel.ts';
import { PayloadAssembler } from '../../../wire/packet-queue.ts';
import { decodeError, ERROR_HEADER } from '../../../wire/server-error.ts';
import { EngineError, errorMessage } from '../../engine-error.ts';
import { EVENT_TYPE, eventType } from './binlog-event.ts';
import { ChecksumRemover } from './event-checksum.ts';
import { refusal } from './wire-session.ts';

/** Bytes that may wait for whoever reads, before the server has to. */
const READ_AHEAD_BYTES = 4 << 20;
/** The server refuses to send its log, or stops doing so; its words tell why. */
const LOG_UNAVAILABLE = 1236;
/** No account of that name or password, or not its right. */
const ACCESS_ERRORS = new Set([1045, 1227]);
/** A packet of the log begins with this byte; the event follows. */
const EVENT_PACKET = 0x00;
/** With one of these the source has found the place: everything before comes at once. */
const FOUND: ReadonlySet<number> = new Set([EVENT_TYPE.gtid, EVENT_TYPE.heartbeat]);

/** Events in the order of the log, without checksums. To be closed. */
export interface BinlogStream {
  /**
   * Every event that has arrived and was not handed out yet; waits for one. EngineError `SourceLost` when the connection
   * ends or nothing is heard in time, `PositionLost`, `AccessDenied`; the signal's reason. One caller at a time.
   */
  arrivals(signal: AbortSignal): Promise<readonly Buffer[]>;
  close(): void;
}

/** What a queue has to know. */
export interface ArrivalOptions {
  /** Names the source in errors. */
  readonly server: string;
  readonly clock: Clock;
  /** Nothing heard for so long means that the source is gone, once it has found where to begin. */
  readonly silenceMilliseconds: number;
  /** Until then: it may have to read a whole file of its log first. */
  readonly searchMilliseconds: number;
}

/** Takes the packets that answer COM_BINLOG_DUMP. Attaches itself to the channel, and begins. */
export class ArrivalQueue implements BinlogStream, FrameSink {
  readonly #server: string;
  readonly #silenceMilliseconds: number;
  #patienceMilliseconds: number;
  readonly #channel: PacketChannel;
  readonly #clock: Clock;
  readonly #assembler = new PayloadAssembler();
  readonly #checksums = new ChecksumRemover();
  #events: Buffer[] = [];
  #bytes = 0;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(
    channel: PacketChannel,
    { server, clock, silenceMilliseconds, searchMilliseconds }: ArrivalOptions,
  ) {
    this.#channel = channel;
    this.#server = server;
    this.#clock = clock;
    this.#silenceMilliseconds = silenceMilliseconds;
    this.#patienceMilliseconds = searchMilliseconds;
    channel.attach(this);
    channel.resume();
  }

  async arrivals(signal: AbortSignal): Promise<readonly Buffer[]> {
    if (this.#events.length === 0 && this.#failure === undefined) {
      await this.#wait(signal);
    }
    signal.throwIfAborted();
    const events = this.#events;
    if (events.length === 0 && this.#failure !== undefined) {
      throw this.#failure;
    }
    this.#events = [];
    this.#bytes = 0;
    this.#channel.resume();
    return events;
  }

  close(): void {
    this.#channel.destroy();
  }

  frame(buffer: Buffer, start: number, end: number): void {
    const payload = this.#assembler.add(buffer, start, end);
    if (payload === null) {
      return;
    }
    if (payload[0] !== EVENT_PACKET) {
      this.#fail(this.#endOf(payload));
      return;
    }
    const event = this.#checksums.take(payload.subarray(1));
    if (FOUND.has(eventType(event))) {
      this.#patienceMilliseconds = this.#silenceMilliseconds;
    }
    this.#events.push(event);
    this.#bytes += event.length;
    if (this.#bytes >= READ_AHEAD_BYTES) {
      this.#channel.pause();
    }
  }

  settled(): void {
    this.#wake?.();
  }

  closed(cause: Error | null): void {
    if (cause instanceof EngineError) {
      this.#fail(cause);
      return;
    }
    this.#fail(
      new EngineError('SourceLost', `${this.#server} ended the connection`, cause === null ? {} : { cause }),
    );
  }

  #endOf(payload: Buffer): EngineError {
    if (payload[0] !== ERROR_HEADER) {
      const words = payload[0] === EOF_HEADER ? 'ended its log' : 'sent what is no event';
      return new EngineError('SourceLost', `${this.#server} ${words}`);
    }
    const told = decodeError(payload);
    const cause = refusal(`${this.#server}: read its log`, told);
    if (ACCESS_ERRORS.has(told.errno)) {
      return new EngineError('AccessDenied', cause.message, { cause });
    }
    // Under this number come all reasons for having no such log, and for not reading it; the former name a GTID.
    const isLost = told.errno === LOG_UNAVAILABLE && told.message.includes('GTID');
    return new EngineError(isLost ? 'PositionLost' : 'SourceLost', errorMessage(cause), { cause });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void => reject(abortReason(signal));
    const milliseconds = this.#patienceMilliseconds;
    const timer = this.#clock.setTimer(milliseconds, () =>
      this.#fail(new EngineError('SourceLost', `${this.#server} was silent for ${milliseconds} ms`)),
    );
    this.#wake = resolve;
    signal.throwIfAborted();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await promise;
    } finally {
      this.#wake = undefined;
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
    }
  }
}
