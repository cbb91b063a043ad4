import { setTimeout as delay } from 'node:timers/promises';
import { monotonicTime } from '../clients/monotonic-time.ts';
import type { Stage } from '../stage/stage.ts';
import { listReadyRouters } from '../stage/topology.ts';

/** As many as the operator makes where the spec says nothing. */
const ROUTERS = 2;
const TIMEOUT_MILLISECONDS = 60_000;
const POLL_MILLISECONDS = 200;

/** Waits until all routers take connections, which the run before may have killed. @throws when they do not in time */
export async function awaitRouters(stage: Stage): Promise<void> {
  const deadline = monotonicTime() + TIMEOUT_MILLISECONDS;
  for (;;) {
    const { length } = await listReadyRouters(stage);
    if (length >= ROUTERS) {
      return;
    }
    if (monotonicTime() > deadline) {
      throw new Error(`${length} of ${ROUTERS} routers take connections`);
    }
    await delay(POLL_MILLISECONDS);
  }
}
