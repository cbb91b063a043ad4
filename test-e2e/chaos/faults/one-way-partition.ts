import { acceptPackets, dropPackets } from '../stage/node-network.ts';
import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';

export const oneWayPartition: Fault = {
  name: 'one-way-partition',
  description:
    'packets from the primary’s pod are dropped, or those to it, as the seed decides; the others pass',
  expects: 'promotion',
  touches: primaryNode,
  async inject({ stage, before, random, onUndo }) {
    const { node, address } = before.primary;
    onUndo(() => acceptPackets(stage, node));
    await dropPackets(stage, node, [[random() < 0.5 ? '-s' : '-d', address]]);
  },
  lastsMilliseconds: 2000,
};
