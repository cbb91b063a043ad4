import { setTimeout as delay } from 'node:timers/promises';
import { actOnNode } from '../../cluster/provider.ts';
import { silentProgress } from '../../cluster/progress.ts';
import { annotate } from '../stage/stage.ts';
import { readTopology } from '../stage/topology.ts';
import type { Fault } from './fault.ts';
import { primaryNode, routersBesidePrimary } from './fault.ts';

const SWITCHOVER_MILLISECONDS = 30_000;

export const leaderAndPrimaryKilled: Fault = {
  name: 'leader-and-primary-killed',
  description: 'SIGKILL for everything on the node that has both the primary and the leading operator',
  expects: 'promotion',
  touches: primaryNode,
  losesRouters: routersBesidePrimary,
  /** Makes the instance on the leader's node primary, where it is not. */
  async prepare({ stage }) {
    const { leader, primary, replicas } = await readTopology(stage);
    const target = replicas.find(({ node }) => node === leader?.node);
    if (leader?.node === primary.node || target === undefined) {
      return;
    }
    const request = `${target.name}/${Date.now().toString(36)}`;
    await annotate(stage, { [`switchover.shardwright.io/shard-${stage.shard}`]: request });
    const deadline = performance.now() + SWITCHOVER_MILLISECONDS;
    while (performance.now() < deadline) {
      const now = await readTopology(stage).catch(() => undefined);
      if (now?.primary.name === target.name) {
        return;
      }
      await delay(100);
    }
    throw new Error(`the switchover to ${target.name} did not happen`);
  },
  async inject({ before, onUndo }) {
    const { node } = before.primary;
    if (before.leader?.node !== node) {
      throw new Error('primary and leader are on different nodes');
    }
    onUndo(() => actOnNode('restart', node, { progress: silentProgress }));
    await actOnNode('kill', node, { progress: silentProgress });
  },
};
