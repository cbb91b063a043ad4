import type { LogOutput } from '../observability/winston-logger.ts';
import { LeadershipLostError } from '../runtime/leader/elector.ts';
import { errorFields } from '../runtime/logger.ts';

/** How a command ends, as its process's exit code. */
export const EXIT_CODES = {
  /** Stopped as asked, by SIGTERM or SIGINT. */
  stopped: 0,
  /** Failed; to be started again. */
  failed: 1,
  /** The command line or the environment cannot be used; starting again is no use. */
  unusableConfiguration: 2,
  /** Lost the leadership; to be started again at once, since nobody else may be there to lead. */
  leadershipLost: 3,
} as const;

/** The part of `process` that tells of signals and of errors nobody caught. */
export interface ProcessEvents {
  on(event: string, listener: (...details: unknown[]) => void): unknown;
  off(event: string, listener: (...details: unknown[]) => void): unknown;
}

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const UNCAUGHT_ERRORS = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Runs `body` until it ends, and resolves with the exit code once the log is flushed. SIGTERM or SIGINT aborts
 * the signal given to `body`, whose graceful end then counts as success; a second one does not wait for it. An
 * error that `body` throws, or that nobody caught anywhere, is logged once and is a failure; after an
 * uncaught one the state of the process is unknown, so `body` is not waited for either.
 */
export async function runProcess(
  body: (signal: AbortSignal) => Promise<void>,
  log: LogOutput,
  events: ProcessEvents = process,
): Promise<number> {
  const { logger } = log;
  const stop = new AbortController();
  const { promise: cutShort, resolve: cutShortWith } = Promise.withResolvers<number>();

  const onSignal = (name: unknown): void => {
    if (stop.signal.aborted) {
      logger.warn('stopping at once: asked a second time', { signal: name });
      cutShortWith(EXIT_CODES.failed);
      return;
    }
    logger.info('asked to stop', { signal: name });
    stop.abort(new Error(`received ${String(name)}`));
  };
  const onUncaught = (error: unknown): void => {
    logger.error('uncaught error', {
      ...errorFields(error),
      stack: error instanceof Error ? error.stack : undefined,
    });
    cutShortWith(EXIT_CODES.failed);
    stop.abort(error);
  };

  STOP_SIGNALS.forEach((name) => events.on(name, onSignal));
  UNCAUGHT_ERRORS.forEach((name) => events.on(name, onUncaught));
  try {
    return await Promise.race([cutShort, runBody(body, stop.signal, log)]);
  } finally {
    STOP_SIGNALS.forEach((name) => events.off(name, onSignal));
    UNCAUGHT_ERRORS.forEach((name) => events.off(name, onUncaught));
    await log.close();
  }
}

async function runBody(
  body: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  { logger }: LogOutput,
): Promise<number> {
  try {
    await body(signal);
    return EXIT_CODES.stopped;
  } catch (error) {
    logger.error('failed', {
      ...errorFields(error),
      stack: error instanceof Error ? error.stack : undefined,
    });
    return error instanceof LeadershipLostError ? EXIT_CODES.leadershipLost : EXIT_CODES.failed;
  }
}
