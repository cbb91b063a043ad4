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
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastHeartbeatTime?: string;
    }[];
  };
}

interface Lease {
  readonly spec?: { readonly renewTime?: string };
}

/** What a node must have done to count as Ready again. */
export type ReadySince =
  /** Its kubelet started after this time, so an older report does not count. */
  | { readonly kind: 'started'; readonly time: number }
  /** It has been reachable since this time, so its lease must have been renewed after it. */
  | { readonly kind: 'connected'; readonly time: number };

/** Node name → whether its condition Ready is True. */
export async function readNodeConditions(api: ClusterApi): Promise<Map<string, boolean>> {
  const list = await api.get<{ items: Node[] }>('/api/v1/nodes');
  if (list === undefined) {
    throw new ClusterError('NotFound', 'the API server knows no nodes');
  }
  return new Map(list.items.map((node) => [node.metadata.name, readyCondition(node)?.status === 'True']));
}

/** Whether a node is Ready now. The API keeps saying so of a dead node for most of a minute. */
export async function isNodeReady(api: ClusterApi, name: string, since: ReadySince): Promise<boolean> {
  const node = await api.get<Node>(`/api/v1/nodes/${name}`);
  const condition = node === undefined ? undefined : readyCondition(node);
  if (condition?.status !== 'True') {
    return false;
  }
  if (since.kind === 'started') {
    // The API keeps whole seconds.
    return Date.parse(condition.lastHeartbeatTime ?? '') >= Math.floor(since.time / 1000) * 1000;
  }
  const lease = await api.get<Lease>(
    `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`,
  );
  return Date.parse(lease?.spec?.renewTime ?? '') >= since.time;
}

function readyCondition(node: Node): { status: string; lastHeartbeatTime?: string } | undefined {
  return node.status?.conditions?.find((condition) => condition.type === 'Ready');
}
