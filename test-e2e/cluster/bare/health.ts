import { join } from 'node:path';
import { openClusterApi } from '../api/client.ts';
import type { ApiObject, ClusterApi } from '../api/client.ts';
import { ClusterError } from '../failure.ts';
import { listDaemons, runningDaemon } from './daemon.ts';
import { clusterLayout, nodeLayouts } from './layout.ts';
import { cableState } from './network.ts';
import type { ClusterState } from './state.ts';

/** Why the cluster is not as `cluster:up` leaves it; empty when it is. */
export async function findUnhealthy(state: ClusterState): Promise<string[]> {
  const reasons: string[] = [];
  const nodes = nodeLayouts(state.nodeCount);
  const daemons = await listDaemons();
  const expected = 6 + nodes.length * 4;
  if (daemons.length !== expected) {
    reasons.push(`${String(daemons.length)} of ${String(expected)} programs were ever started`);
  }
  for (const daemon of daemons) {
    if ((await runningDaemon(daemon.name)) === undefined) {
      reasons.push(`${daemon.name} does not run`);
    }
  }
  for (const node of nodes) {
    if (cableState(node) !== 'up') {
      reasons.push(`${node.name} is cut off`);
    }
  }
  if (reasons.length > 0) {
    return reasons;
  }
  const api = openClusterApi(join(clusterLayout.credentialsFolder, 'admin.kubeconfig'));
  try {
    const conditions = await readNodeConditions(api);
    return nodes
      .filter((node) => conditions.get(node.name) !== true)
      .map((node) => `${node.name} is not Ready`);
  } catch (error) {
    return [`the API server does not answer: ${error instanceof Error ? error.message : String(error)}`];
  } finally {
    api.close();
  }
}

interface Node extends ApiObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Node name → whether its condition Ready is True. */
export async function readNodeConditions(api: ClusterApi): Promise<Map<string, boolean>> {
  const list = await api.get<{ items: Node[] }>('/api/v1/nodes');
  if (list === undefined) {
    throw new ClusterError('NotFound', 'the API server knows no nodes');
  }
  return new Map(
    list.items.map((node) => [
      node.metadata.name,
      node.status?.conditions?.some(
        (condition) => condition.type === 'Ready' && condition.status === 'True',
      ) ?? false,
    ]),
  );
}
