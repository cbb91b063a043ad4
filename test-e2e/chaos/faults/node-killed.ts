import { actOnNode } from '../../cluster/provider.ts';
import { silentProgress } from '../../cluster/progress.ts';
import type { Fault } from './fault.ts';
import { primaryNode, routersBesidePrimary } from './fault.ts';

export const nodeKilled: Fault = {
  name: 'node-killed',
  description:
    'SIGKILL for kubelet, containerd and all pods of the primary’s node; the node starts again later',
  expects: 'promotion',
  touches: primaryNode,
  losesRouters: routersBesidePrimary,
  async inject({ before, onUndo }) {
    const { node } = before.primary;
    onUndo(() => actOnNode('restart', node, { progress: silentProgress }));
    await actOnNode('kill', node, { progress: silentProgress });
  },
};
