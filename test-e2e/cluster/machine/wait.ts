import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError } from '../failure.ts';

/**
 * Asks again every `everyMilliseconds` until `probe` answers something other than undefined. An error that
 * `probe` throws counts as "not yet" and becomes the cause of the time-out.
 * @throws ClusterError `Timeout`, naming what was waited for.
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | undefined | Promise<T | undefined>,
  options: {
    readonly timeoutMilliseconds: number;
    readonly everyMilliseconds?: number;
    readonly remedy?: string;
  },
): Promise<T> {
  const deadline = performance.now() + options.timeoutMilliseconds;
  let lastError: unknown;
  for (;;) {
    try {
      const answer = await probe();
      if (answer !== undefined) {
        return answer;
      }
    } catch (error) {
      if (error instanceof ClusterError && error.code !== 'Timeout' && error.code !== 'CommandFailed') {
        throw error;
      }
      lastError = error;
    }
    if (performance.now() > deadline) {
      const seconds = String(options.timeoutMilliseconds / 1000);
      const reason = lastError instanceof Error ? `: ${lastError.message}` : '';
      throw new ClusterError('Timeout', `waited ${seconds} s in vain for ${what}${reason}`, {
        cause: lastError,
        ...(options.remedy === undefined ? {} : { remedy: options.remedy }),
      });
    }
    await delay(options.everyMilliseconds ?? 100);
  }
}

/**
 * Runs `action` again for as long as it fails with an error that `isPassing` takes for one that passes by itself and has
 * left nothing half done. Rejects with the last error.
 */
export async function repeatWhile<T>(
  isPassing: (error: unknown) => boolean,
  action: () => Promise<T>,
  options: { readonly timeoutMilliseconds: number; readonly everyMilliseconds: number },
): Promise<T> {
  const deadline = performance.now() + options.timeoutMilliseconds;
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (!isPassing(error) || performance.now() > deadline) {
        throw error;
      }
    }
    await delay(options.everyMilliseconds);
  }
}
