/** `kubectl shardwright rebalance watch`: how far a rebalance has come, until it ends. */
import type { ShardRebalance } from '../api/v1alpha1/index.ts';
import { PluginFailure } from './failure.ts';
import { renderProgress } from './rebalance-text.ts';
import { findRebalance, hasEnded } from './rebalance-view.ts';
import type { PluginSession } from './session.ts';

/** How often it is looked at, in milliseconds: at a terminal, and otherwise. */
const LOOK_MILLISECONDS = { terminal: 500, otherwise: 5000 };

/** A cluster that was scaled just now has no ShardRebalance yet; so long it is waited for. Milliseconds. */
const APPEAR_MILLISECONDS = 10_000;

/** What was asked for. */
export interface WatchOptions {
  /** Name of the ShardRebalance, or of its cluster. */
  readonly meant: string;
  /** Whether to end when all moves are cut over, without the soak time. */
  readonly untilSoaking: boolean;
  /** @default no limit */
  readonly timeoutSeconds?: number;
}

/** Looks on until the end. Throws `PluginFailure`: `Failed` where the rebalance does, `TimedOut`. */
export async function watchRebalance(
  session: PluginSession,
  { meant, untilSoaking, timeoutSeconds = Infinity }: WatchOptions,
  signal: AbortSignal,
): Promise<void> {
  const { clock, redraw, isTerminal } = session;
  const deadline = clock.monotonic() + timeoutSeconds * 1000;
  let rebalance = await awaitRebalance(session, meant, signal);
  // From now on this very one, also when another of the same cluster begins.
  const { name } = rebalance.metadata;
  let shown = '';
  for (;;) {
    const lines = renderProgress(rebalance);
    if (lines.join('\n') !== shown) {
      shown = lines.join('\n');
      redraw(lines);
    }
    if (hasEnded(rebalance) || (untilSoaking && rebalance.status?.phase === 'Soaking')) {
      break;
    }
    if (clock.monotonic() >= deadline) {
      throw new PluginFailure('TimedOut', `${name} has not ended within ${timeoutSeconds} s, and goes on`);
    }
    await clock.sleep(LOOK_MILLISECONDS[isTerminal ? 'terminal' : 'otherwise'], signal);
    rebalance = await findRebalance(session, name, signal);
  }
  if (rebalance.status?.phase === 'Failed') {
    throw new PluginFailure('Failed', `${name} failed: ${rebalance.status.message ?? 'it does not say why'}`);
  }
}

async function awaitRebalance(
  session: PluginSession,
  meant: string,
  signal: AbortSignal,
): Promise<ShardRebalance> {
  const { clock } = session;
  const deadline = clock.monotonic() + APPEAR_MILLISECONDS;
  for (;;) {
    try {
      return await findRebalance(session, meant, signal);
    } catch (error) {
      const isMissing = error instanceof PluginFailure && error.code === 'NotFound';
      if (!isMissing || clock.monotonic() >= deadline) {
        throw error;
      }
      await clock.sleep(LOOK_MILLISECONDS.terminal, signal);
    }
  }
}
