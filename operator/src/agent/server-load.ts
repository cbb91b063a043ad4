import { availableParallelism } from 'node:os';
import type { Clock } from '../runtime/clock.ts';
import type { ServerLoad } from './protocol/agent-state.ts';

export interface ServerLoadOptions {
  /** Process of the server that runs; null for none. */
  readonly pid: () => number | null;
  /** In ticks of 10 ms; null where it cannot be read. */
  readonly processorTime: (pid: number) => Promise<number | null>;
  readonly clock: Clock;
  /** @default those of the machine */
  readonly processors?: number;
}

/** How hard the server works, as it is looked at from time to time. */
export interface ServerLoadMeter {
  /** Mean over the last seconds; null before the second look. */
  load(): ServerLoad | null;
  /** Looks from time to time, until the signal aborts; then resolves. */
  run(signal: AbortSignal): Promise<void>;
}

/** A mean over less would follow every moment’s work. */
const INTERVAL_MILLISECONDS = 2000;
const MILLISECONDS_PER_TICK = 10;

/** Measures by what the process has used between two looks. */
export function createServerLoadMeter(options: ServerLoadOptions): ServerLoadMeter {
  const { pid, processorTime, clock, processors = availableParallelism() } = options;
  let before: { readonly pid: number; readonly ticks: number; readonly at: number } | null = null;
  let load: ServerLoad | null = null;

  const look = async (): Promise<void> => {
    const current = pid();
    const ticks = current === null ? null : await processorTime(current);
    const at = clock.monotonic();
    if (current === null || ticks === null) {
      before = null;
      load = null;
      return;
    }
    load = before?.pid === current ? load : null;
    if (before?.pid === current && at > before.at) {
      const used = (ticks - before.ticks) * MILLISECONDS_PER_TICK;
      // Whole percents: every other digit would be news to whoever follows the state.
      const share = Math.round((used / (at - before.at) / processors) * 100) / 100;
      load = { processorShare: Math.max(0, share), processors };
    }
    before = { pid: current, ticks, at };
  };

  return {
    load: () => load,
    async run(signal) {
      while (!signal.aborted) {
        await look();
        await clock.sleep(INTERVAL_MILLISECONDS, signal).catch(() => {});
      }
    },
  };
}
