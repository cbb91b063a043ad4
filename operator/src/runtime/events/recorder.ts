import { abortableWait, withScope } from '../abort.ts';
import type { ApiClient } from '../client/api-client.ts';
import { isApiError } from '../client/api-error.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { errorFields } from '../logger.ts';
import { microTime } from '../micro-time.ts';
import type { KubernetesObject } from '../objects.ts';
import { keyOf } from '../objects.ts';
import type { TokenBucket } from '../queue/rate-limiter.ts';
import { createTokenBucket } from '../queue/rate-limiter.ts';
import type { KubernetesEvent } from '../resources.ts';
import { events } from '../resources.ts';
import type { EventDescription, Reporter } from './series.ts';
import { firstEvent, referenceTo, seriesKey } from './series.ts';

export type { EventDescription, Reporter } from './series.ts';

/** Tells events to the API server in the background. */
export interface EventRecorder {
  /**
   * Never waits, never throws, and drops what comes too fast. `regarding` must carry apiVersion, kind and name.
   * The same event within six minutes raises the count of the first instead of making another.
   */
  event(regarding: KubernetesObject, description: EventDescription): void;
}

/** A recorder together with the loop that sends; add it to the manager, everywhere. */
export interface RunningEventRecorder extends EventRecorder {
  readonly name: string;
  /** Sends until the signal aborts, then what is left, for two seconds at most. */
  run(signal: AbortSignal): Promise<void>;
}

export interface EventRecorderOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reporter: Reporter;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: () => number;
}

export function createEventRecorder(options: EventRecorderOptions): RunningEventRecorder {
  return new SeriesRecorder(options);
}

/** A series ends after this long without a repetition; as in client-go. */
const SERIES_END_MILLISECONDS = 6 * 60_000;
/** The count of a series is written at most this often, after its first repetition. */
const WRITE_EVERY_MILLISECONDS = 60_000;
/** Series kept in memory; the oldest go first. */
const MOST_SERIES = 1000;
const EVENTS_PER_SECOND = 2;
const EVENT_BURST = 50;
const ATTEMPTS = 3;
const PAUSE_AFTER_FAILURE_MILLISECONDS = 2000;
const LAST_WORDS_MILLISECONDS = 2000;

interface Series {
  /** As to be created, without a count. */
  readonly event: KubernetesEvent;
  created: boolean;
  count: number;
  lastObserved: number;
  /** The count the API server has been told. */
  writtenCount: number;
  nextWrite: number;
  failures: number;
}

class SeriesRecorder implements RunningEventRecorder {
  readonly name = 'event recorder';
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #bucket: TokenBucket;
  /** By key, the least recently repeated first. */
  readonly #series = new Map<string, Series>();
  #wake: (() => void) | undefined;
  #sequence = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#bucket = createTokenBucket(options.clock, EVENTS_PER_SECOND, EVENT_BURST);
  }

  event(regarding: KubernetesObject, description: EventDescription): void {
    const reference = referenceTo(regarding);
    if (reference === undefined) {
      this.#logger.error('event about an object that is not identified', { reason: description.reason });
      return;
    }
    const key = seriesKey(reference, description);
    const now = this.#clock.monotonic();
    const known = this.#series.get(key);
    if (known !== undefined && now - known.lastObserved < SERIES_END_MILLISECONDS) {
      known.count += 1;
      known.lastObserved = now;
      this.#series.delete(key);
      this.#series.set(key, known);
    } else {
      if (!this.#bucket.take()) {
        this.#logger.debug('event dropped, there are too many', { reason: description.reason });
        return;
      }
      this.#sequence += 1;
      const unique = `${this.#clock.now()} ${this.#sequence} ${(this.#options.random ?? Math.random)()}`;
      this.#series.delete(key);
      this.#series.set(key, {
        event: firstEvent(reference, description, this.#options.reporter, this.#clock.now(), unique),
        created: false,
        count: 1,
        lastObserved: now,
        writtenCount: 0,
        nextWrite: now,
        failures: 0,
      });
      this.#evict();
    }
    this.#wake?.();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#flush(signal, false);
        await this.#pause(signal);
      } catch (error) {
        if (!signal.aborted) {
          throw error;
        }
      }
    }
    await this.#lastWords();
  }

  #evict(): void {
    const [oldest] = this.#series.keys();
    if (this.#series.size > MOST_SERIES && oldest !== undefined) {
      this.#series.delete(oldest);
    }
  }

  /** Writes what is due, or all there is, and forgets series that have ended. */
  async #flush(signal: AbortSignal, all: boolean): Promise<void> {
    const snapshot = [...this.#series];
    for (const [key, series] of snapshot) {
      const now = this.#clock.monotonic();
      const ended = now - series.lastObserved >= SERIES_END_MILLISECONDS;
      if (series.count > series.writtenCount && (all || ended || series.nextWrite <= now)) {
        await this.#write(key, series, signal);
      }
      if (ended && series.count === series.writtenCount) {
        this.#series.delete(key);
      }
    }
  }

  async #write(key: string, series: Series, signal: AbortSignal): Promise<void> {
    const { count } = series;
    const now = this.#clock.monotonic();
    try {
      if (series.created) {
        const body = { series: this.#seriesField(series, now) };
        await this.#options.client.mergePatch(events, keyOf(series.event), body, {}, signal);
      } else {
        const body = count === 1 ? series.event : { ...series.event, series: this.#seriesField(series, now) };
        await this.#options.client.create(events, body, signal);
        series.created = true;
      }
      // The first repetition is told at once: it is what makes a happening a series.
      series.nextWrite = count === 1 ? now : now + WRITE_EVERY_MILLISECONDS;
      series.writtenCount = count;
      series.failures = 0;
    } catch (error) {
      signal.throwIfAborted();
      this.#afterFailure(key, series, error, now);
    }
  }

  #seriesField(series: Series, now: number): { count: number; lastObservedTime: string } {
    return {
      count: series.count,
      lastObservedTime: microTime(this.#clock.now() - (now - series.lastObserved)),
    };
  }

  /** Events are a courtesy: a few attempts, then they are let go. */
  #afterFailure(key: string, series: Series, error: unknown, now: number): void {
    series.failures += 1;
    if (series.created && isApiError(error, 'NotFound')) {
      // Events expire after an hour. The series goes on in a new one.
      series.created = false;
      series.nextWrite = now;
    } else if (isApiError(error, 'AlreadyExists')) {
      // An earlier attempt whose answer was lost.
      series.created = true;
      series.writtenCount = 1;
    } else if (
      series.failures < ATTEMPTS &&
      isApiError(error, 'Timeout', 'Unavailable', 'TooManyRequests', 'Unauthorized')
    ) {
      series.nextWrite = now + PAUSE_AFTER_FAILURE_MILLISECONDS * series.failures;
    } else {
      this.#series.delete(key);
      this.#logger.warn('event could not be written', { reason: series.event.reason, ...errorFields(error) });
    }
  }

  /** Waits for a new event or for what is due next. */
  async #pause(signal: AbortSignal): Promise<void> {
    const now = this.#clock.monotonic();
    let due = Infinity;
    for (const series of this.#series.values()) {
      const end = series.lastObserved + SERIES_END_MILLISECONDS;
      due = Math.min(due, series.count > series.writtenCount ? Math.min(series.nextWrite, end) : end);
    }
    if (due <= now) {
      return;
    }
    const wait = abortableWait<undefined>(signal);
    this.#wake = () => wait.resolve(undefined);
    const timer = due < Infinity ? this.#clock.setTimer(due - now, this.#wake) : undefined;
    try {
      await wait.promise;
    } finally {
      this.#wake = undefined;
      timer?.cancel();
    }
  }

  async #lastWords(): Promise<void> {
    await withScope(new AbortController().signal, async (signal, scope) => {
      const timer = this.#clock.setTimer(LAST_WORDS_MILLISECONDS, () => scope.abort(new Error('time is up')));
      try {
        await this.#flush(signal, true);
      } catch (error) {
        this.#logger.debug('some events were not written', errorFields(error));
      } finally {
        timer.cancel();
      }
    });
  }
}
