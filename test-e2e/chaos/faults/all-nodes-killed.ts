import { actOnNode } from '../../cluster/provider.ts';
import { silentProgress } from '../../cluster/progress.ts';
import type { Fault } from './fault.ts';
import { operatorNodes } from './fault.ts';

export const allNodesKilled: Fault = {
  name: 'all-nodes-killed',
  description:
    'SIGKILL for everything on all nodes, operators included; the nodes start again in another order',
  expects: 'either',
  touches: (before) => [
    before.primary.node,
    ...before.replicas.map(({ node }) => node),
    ...operatorNodes(before),
  ],
  losesRouters: ({ routers }) => routers,
  async inject({ before, random }) {
    const pods = [before.primary, ...before.replicas, ...before.operators];
    const nodes = [...new Set(pods.map(({ node }) => node))];
    for (const node of nodes) {
      await actOnNode('kill', node, { progress: silentProgress });
    }
    const order = nodes.map((node) => ({ node, rank: random() })).toSorted((a, b) => a.rank - b.rank);
    for (const { node } of order) {
      await actOnNode('restart', node, { progress: silentProgress });
    }
  },
};
