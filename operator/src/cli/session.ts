import type { ApiClient } from '../runtime/client/api-client.ts';
import type { Clock } from '../runtime/clock.ts';

/** What a command of the plugin works with. */
export interface PluginSession {
  readonly client: ApiClient;
  /** Namespace that was asked for, or that of the kubeconfig's context. */
  readonly namespace: string;
  readonly clock: Clock;
  /** Shows a line of what was asked for. */
  readonly say: (line: string) => void;
  /** Shows a line of what is going on, apart from what was asked for. */
  readonly progress: (line: string) => void;
}

/** How often what is waited for is looked at, in milliseconds. */
const LOOK_MILLISECONDS = 200;

/**
 * Calls `look` until it returns something, at least once; `undefined` when `milliseconds` have passed. What `look`
 * throws ends the waiting.
 */
export async function waitFor<T>(
  { clock }: Pick<PluginSession, 'clock'>,
  milliseconds: number,
  look: () => Promise<T | undefined>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const deadline = clock.monotonic() + milliseconds;
  for (;;) {
    const found = await look();
    if (found !== undefined || clock.monotonic() >= deadline) {
      return found;
    }
    await clock.sleep(LOOK_MILLISECONDS, signal);
  }
}
