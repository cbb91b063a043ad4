/** Clients that append numbers one after the other, to whoever is the primary, and remember which were acknowledged. */
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkloadClient } from '../../operator/src/engines/conformance/host.ts';

/** A run of such clients. */
export interface NumberWriters {
  readonly acknowledged: ReadonlySet<number>;
  /** Milliseconds without any acknowledged number: the longest since the last call of `forgetGap`. */
  longestGap(): number;
  forgetGap(): void;
  stop(): Promise<void>;
}

export interface NumberWritersOptions {
  readonly count: number;
  /** Connects to the primary, as a client knows it. */
  readonly connect: () => Promise<WorkloadClient>;
  /** The first number; each writer takes its own from there. */
  readonly first: number;
}

/** Between two numbers of one writer. */
const PAUSE_MILLISECONDS = 5;
/** Before a writer that was refused tries again. */
const RETRY_MILLISECONDS = 5;
const ANSWER_MILLISECONDS = 10_000;

/** Starts them. A number without an answer is not written again: it may be there. */
export function startNumberWriters({ count, connect, first }: NumberWritersOptions): NumberWriters {
  const stopping = new AbortController();
  const acknowledged = new Set<number>();
  let next = first;
  let lastAt = performance.now();
  let longest = 0;

  const writeUntilRefused = async (connection: WorkloadClient): Promise<void> => {
    while (!stopping.signal.aborted) {
      const number = next;
      next += 1;
      if ((await connection.append(number, ANSWER_MILLISECONDS)) !== 'acknowledged') {
        return;
      }
      const now = performance.now();
      acknowledged.add(number);
      longest = Math.max(longest, now - lastAt);
      lastAt = now;
      await delay(PAUSE_MILLISECONDS);
    }
  };
  const write = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const connection = await connect();
        await writeUntilRefused(connection).finally(() => connection.close());
      } catch {
        await delay(RETRY_MILLISECONDS);
      }
    }
  };
  const running = Promise.all(Array.from({ length: count }, write));
  return {
    acknowledged,
    longestGap: () => longest,
    forgetGap() {
      longest = 0;
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
