/** Pods as the operator sees them, for members that are processes of this machine. */
import { LABELS } from '../../operator/src/api/v1alpha1/index.ts';
import { shardLabels } from '../../operator/src/controllers/sharded-cluster/resources/labels.ts';
import type { ApiClient } from '../../operator/src/runtime/client/api-client.ts';
import { pods } from '../../operator/src/runtime/resources.ts';
import { CLUSTER, type MemberPort, NAMESPACE } from '../agent/cluster-processes.ts';

const NEVER = new AbortController().signal;

/** Makes the pod of a member, with the address and the port of its agent; returns its uid. Nobody schedules it. */
export async function createPodObject(
  client: ApiClient,
  { shard, pod, agentPort }: MemberPort,
): Promise<string> {
  const metadata = {
    name: pod,
    namespace: NAMESPACE,
    labels: { ...shardLabels(CLUSTER, shard), [LABELS.role]: 'replica' },
  };
  const created = await client.create(
    pods,
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: {
        serviceAccountName: 'agent',
        automountServiceAccountToken: false,
        containers: [{ name: 'agent', image: 'none', ports: [{ name: 'agent', containerPort: agentPort }] }],
      },
    },
    NEVER,
  );
  const status = {
    phase: 'Running',
    podIP: '127.0.0.1',
    podIPs: [{ ip: '127.0.0.1' }],
    conditions: [{ type: 'Ready', status: 'True' }],
  };
  await client.mergePatch(
    pods,
    { namespace: NAMESPACE, name: pod },
    { status },
    { subresource: 'status' },
    NEVER,
  );
  return created.metadata?.uid ?? '';
}
