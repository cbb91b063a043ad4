import type { V1Pod } from '@kubernetes/client-node';
import type { ApiClient } from '../../../runtime/client/api-client.ts';
import { keyOf } from '../../../runtime/objects.ts';
import { pods } from '../../../runtime/resources.ts';

/** Why the pod is not ready, as its condition says. */
const REASON = 'RouterUnreachable';

/**
 * Says of a pod that it is not ready, as Kubernetes does by itself once it calls the node not ready: nothing leads new
 * connections there any more. The kubelet of a node that lives, or comes back, writes what it finds over it. Fails with
 * `Conflict` when anybody has written the pod since `pod` was read.
 */
export async function markUnreachable(
  client: ApiClient,
  pod: V1Pod,
  now: Date,
  signal: AbortSignal,
): Promise<void> {
  const ready = {
    status: 'False',
    reason: REASON,
    message: 'The operator of the ShardedCluster cannot reach this router, and reaches others.',
    lastTransitionTime: `${now.toISOString().slice(0, 19)}Z`,
  };
  // A merge patch replaces the list, which is why it must be of the very state it was made from.
  const conditions = (pod.status?.conditions ?? []).map((condition) =>
    condition.type === 'Ready' ? Object.assign({}, condition, ready) : condition,
  );
  const { resourceVersion } = pod.metadata ?? {};
  const patch = { metadata: { resourceVersion }, status: { conditions } };
  await client.mergePatch(pods, keyOf(pod), patch, { subresource: 'status' }, signal);
}
