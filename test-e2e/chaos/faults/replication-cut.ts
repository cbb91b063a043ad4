import { acceptPackets, dropPackets } from '../stage/node-network.ts';
import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';

export const replicationCut: Fault = {
  name: 'replication-cut',
  description:
    'packets between the primary’s server and its replicas are dropped; clients, operator and agents reach it',
  expects: 'promotion',
  touches: primaryNode,
  async inject({ stage, before, onUndo }) {
    const { node, address } = before.primary;
    onUndo(() => acceptPackets(stage, node));
    const database = ['-p', 'tcp', '--dport', '3306'];
    await dropPackets(
      stage,
      node,
      before.replicas.map((replica) => ['-s', replica.address, '-d', address, ...database]),
    );
  },
};
