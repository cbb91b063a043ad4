import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError } from '../cluster/failure.ts';
import type { Kubectl } from '../install/kubectl.ts';
import type { ListOf, PodObject, ShardedClusterObject } from './objects.ts';
import { findCondition, isClusterReady, isPodReady } from './objects.ts';

const POLL_MILLISECONDS = 700;

/**
 * Waits until the cluster is Ready and tells `note` every change on the way, once. Throws after `timeoutSeconds`.
 */
export async function awaitReady(
  kubectl: Kubectl,
  key: { readonly namespace: string; readonly name: string },
  note: (line: string) => void,
  timeoutSeconds: number,
): Promise<void> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  let told = '';
  for (;;) {
    const [cluster, pods] = await Promise.all([
      kubectl.get<ShardedClusterObject>(['shardedcluster', key.name, `--namespace=${key.namespace}`]),
      kubectl.get<ListOf<PodObject>>([
        'pods',
        `--namespace=${key.namespace}`,
        `--selector=shardwright.io/cluster=${key.name},app.kubernetes.io/component=database`,
      ]),
    ]);
    const line = describeProgress(cluster, pods.items);
    if (line !== told) {
      note(line);
      told = line;
    }
    if (isClusterReady(cluster)) {
      return;
    }
    if (performance.now() > deadline) {
      throw new ClusterError('Timeout', `${key.name} is not Ready after ${timeoutSeconds} s: ${line}`);
    }
    await delay(POLL_MILLISECONDS);
  }
}

/** One line on how far a cluster is: its pods, and what the operator says. */
export function describeProgress(cluster: ShardedClusterObject, pods: readonly PodObject[]): string {
  const expected = cluster.spec.shards * cluster.spec.instances;
  const ready = pods.filter(isPodReady).length;
  const condition = findCondition(cluster, 'Ready');
  const verdict =
    condition === undefined
      ? 'the operator has not said anything yet'
      : `${condition.reason}: ${condition.message}`;
  return `${ready}/${expected} instances ready, ${pods.length} created; ${verdict}`;
}
