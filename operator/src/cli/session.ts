import type { ApiClient } from '../runtime/client/api-client.ts';
import type { Clock } from '../runtime/clock.ts';
import { PluginFailure } from './failure.ts';
import type { Kubectl } from './kubectl.ts';

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
  /** For what happens inside of pods. */
  readonly kubectl: Kubectl;
  /** Whether a person sits at a terminal. */
  readonly isTerminal: boolean;
  /** Shows lines in the place of those that it showed before, where there is a terminal; otherwise below them. */
  readonly redraw: (lines: readonly string[]) => void;
  /** Asks the person at the terminal; only to be called where there is one. */
  readonly ask: (question: string, signal: AbortSignal) => Promise<string>;
}

/** Goes on if it was said beforehand (`--yes`) or is said now. Throws {@link PluginFailure} `Refused` otherwise. */
export async function confirm(
  { isTerminal, ask }: Pick<PluginSession, 'isTerminal' | 'ask'>,
  isSaid: boolean,
  question: string,
  signal: AbortSignal,
): Promise<void> {
  if (isSaid) {
    return;
  }
  if (!isTerminal) {
    throw new PluginFailure('Refused', 'nothing was changed: say --yes if that is meant');
  }
  const answer = (await ask(`${question} [y/N] `, signal)).trim().toLowerCase();
  if (answer !== 'y' && answer !== 'yes') {
    throw new PluginFailure('Refused', 'nothing was changed');
  }
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
