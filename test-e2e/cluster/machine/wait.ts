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
