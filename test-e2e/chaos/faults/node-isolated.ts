import { actOnNode } from '../../cluster/provider.ts';
import { silentProgress } from '../../cluster/progress.ts';
import type { Fault } from './fault.ts';
import { primaryNode, routersBesidePrimary } from './fault.ts';

export const nodeIsolated: Fault = {
  name: 'node-isolated',
  description: 'the cable of the primary’s node is cut, and mended once another is primary',
  expects: 'promotion',
  touches: primaryNode,
  losesRouters: routersBesidePrimary,
  async inject({ before, onUndo }) {
    const { node } = before.primary;
    onUndo(() => actOnNode('heal', node, { progress: silentProgress }));
    await actOnNode('isolate', node, { progress: silentProgress });
  },
  lastsMilliseconds: 2000,
};
