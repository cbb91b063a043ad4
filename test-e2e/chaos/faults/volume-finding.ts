import { setTimeout as delay } from 'node:timers/promises';
import { shardedClusters } from '../../../operator/src/controllers/sharded-cluster/resource-types.ts';
import type { Violation } from '../checkers/violation.ts';
import type { Stage } from '../stage/stage.ts';

/** An agent looks at its volume every five seconds, and what it finds is on its way for a moment. */
const TIMEOUT_MILLISECONDS = 20_000;
const POLL_MILLISECONDS = 250;
const NEVER = new AbortController().signal;

/** Waits for the condition that names a pod whose volume is nearly full, or full; a violation where it does not come. */
export async function expectVolumeFinding(stage: Stage, pod: string): Promise<readonly Violation[]> {
  const deadline = performance.now() + TIMEOUT_MILLISECONDS;
  const key = { namespace: stage.namespace, name: stage.cluster };
  let last = 'none';
  while (performance.now() < deadline) {
    const conditions = (await stage.client.get(shardedClusters, key, NEVER))?.status?.conditions ?? [];
    const found = conditions.find(({ type }) => type === 'Degraded');
    last = `${found?.status}/${found?.reason}: ${found?.message}`;
    if (found?.status === 'True' && last.includes('volume is') && last.includes(pod)) {
      return [];
    }
    await delay(POLL_MILLISECONDS);
  }
  return [
    { rule: 'expectedSign', message: `the condition Degraded does not tell of ${pod}'s volume: ${last}` },
  ];
}
