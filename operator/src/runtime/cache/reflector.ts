import { assertNever } from '../assert-never.ts';
import { createBackoff } from '../backoff.ts';
import type { ApiClient, Selection, WatchEvent } from '../client/api-client.ts';
import type { ApiError } from '../client/api-error.ts';
import { isApiError } from '../client/api-error.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { errorFields } from '../logger.ts';
import type { ReflectorMetrics } from '../metrics/metrics.ts';
import type { KubernetesObject, ResourceType } from '../objects.ts';
import { listPages } from './list-pages.ts';

/** Where a reflector puts what it sees. Must not throw. */
export interface ReflectorSink<T> {
  /** All objects, as of now. */
  replace(objects: readonly T[]): void;
  set(object: T): void;
  delete(object: T): void;
}

export interface ReflectorOptions<T extends KubernetesObject> {
  readonly client: ApiClient;
  readonly type: ResourceType<T>;
  readonly selection: Selection;
  readonly sink: ReflectorSink<T>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ReflectorMetrics;
  readonly random: () => number;
  readonly pageSize: number;
  /** See `WatchOptions.silenceMilliseconds`. */
  readonly silenceMilliseconds: number;
}

/** The server ends a watch after this long, jittered up to twice, so that watches spread over its replicas. */
const SHORTEST_WATCH_SECONDS = 300;
const FIRST_RETRY_MILLISECONDS = 200;
/** Short beside client-go's 30 s: until the watches are back nothing is repaired, and there are few of them. */
const LONGEST_RETRY_MILLISECONDS = 5000;
/** A watch that lived this long worked; its end is no sign of trouble that lasts. */
const HEALTHY_WATCH_MILLISECONDS = 10_000;
/** A watch that the server ends sooner than this is treated as failed, or it would be opened in a tight loop. */
const SHORTEST_SOUND_WATCH_MILLISECONDS = 1000;

/**
 * Mirrors the objects of one selection into the sink: lists once, then watches from there, resuming where the
 * last watch stopped. Lists anew only when resuming is impossible or what was received cannot be trusted.
 * resourceVersions are handed back to the server as they came, never compared. Resolves when the signal aborts.
 */
export async function runReflector<T extends KubernetesObject>(
  options: ReflectorOptions<T>,
  signal: AbortSignal,
): Promise<void> {
  const { client, type, selection, sink, clock, logger, metrics, random } = options;
  const backoff = createBackoff({
    initialMilliseconds: FIRST_RETRY_MILLISECONDS,
    longestMilliseconds: LONGEST_RETRY_MILLISECONDS,
    random,
  });
  /** Where to resume; absent when a list is due. */
  let position: string | undefined;

  while (!signal.aborted) {
    let watchStarted: number | undefined;
    let failure: unknown;
    try {
      if (position === undefined) {
        metrics.listed();
        const { items, resourceVersion } = await listPages(client, type, selection, options.pageSize, signal);
        signal.throwIfAborted();
        sink.replace(items);
        position = resourceVersion;
      }
      watchStarted = clock.monotonic();
      metrics.watchStarted();
      const watch = client.watch(
        type,
        {
          ...selection,
          resourceVersion: position,
          timeoutSeconds: Math.round(SHORTEST_WATCH_SECONDS * (1 + random())),
          silenceMilliseconds: options.silenceMilliseconds,
        },
        signal,
      );
      for await (const event of watch) {
        if (signal.aborted) {
          break;
        }
        position = deliver(event, sink) ?? position;
      }
      metrics.watchEnded('done');
    } catch (error) {
      failure = error;
    }
    if (signal.aborted) {
      return;
    }
    const lived = watchStarted === undefined ? 0 : clock.monotonic() - watchStarted;
    if (lived >= HEALTHY_WATCH_MILLISECONDS) {
      backoff.reset();
    }
    if (failure === undefined && lived >= SHORTEST_SOUND_WATCH_MILLISECONDS) {
      continue;
    }
    if (failure !== undefined) {
      if (watchStarted !== undefined) {
        metrics.watchEnded(isApiError(failure) ? failure.code : 'Unknown');
      }
      if (isApiError(failure, 'Malformed')) {
        metrics.malformed();
      }
      if (needsNewList(failure)) {
        position = undefined;
      }
    }
    const pause = Math.max(backoff.next(), retryAfter(failure));
    reportFailure(logger, failure, position === undefined ? 'list' : 'watch', pause);
    try {
      await clock.sleep(pause, signal);
    } catch {
      return;
    }
  }
}

/** Hands an event on; returns the position it stands for. */
function deliver<T extends KubernetesObject>(
  event: WatchEvent<T>,
  sink: ReflectorSink<T>,
): string | undefined {
  switch (event.type) {
    case 'BOOKMARK':
      return event.resourceVersion;
    case 'ADDED':
    case 'MODIFIED':
      sink.set(event.object);
      return event.object.metadata?.resourceVersion;
    case 'DELETED':
      sink.delete(event.object);
      return event.object.metadata?.resourceVersion;
    default:
      return assertNever(event);
  }
}

/**
 * Whether a watch from the last position cannot succeed or would hide something. The server was restored to an
 * earlier state when it calls the position too large; a resource it does not know may come back empty.
 */
function needsNewList(failure: unknown): boolean {
  return (
    isApiError(failure, 'Gone', 'Malformed', 'NotFound', 'Invalid') ||
    (isApiError(failure) && hasCause(failure, 'ResourceVersionTooLarge'))
  );
}

function hasCause(failure: ApiError, reason: string): boolean {
  return failure.details?.causes?.some((cause) => cause.reason === reason) ?? false;
}

function retryAfter(failure: unknown): number {
  return isApiError(failure) ? (failure.retryAfterMilliseconds ?? 0) : 0;
}

/** What only costs a moment is information; what keeps us from seeing the cluster at all is an error. */
function reportFailure(logger: Logger, failure: unknown, next: 'list' | 'watch', pause: number): void {
  const fields = { next, inMilliseconds: Math.round(pause) };
  if (failure === undefined) {
    logger.info('watch ended at once', fields);
  } else if (isApiError(failure, 'Gone', 'Timeout', 'Unavailable', 'TooManyRequests')) {
    logger.info('watch or list was interrupted', { ...fields, ...errorFields(failure) });
  } else {
    logger.error('watch or list failed', { ...fields, ...errorFields(failure) });
  }
}
