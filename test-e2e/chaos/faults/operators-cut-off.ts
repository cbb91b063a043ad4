import { acceptPackets, dropPackets } from '../stage/node-network.ts';
import type { Fault } from './fault.ts';

export const operatorsCutOff: Fault = {
  name: 'operators-cut-off',
  description: 'all packets of all operators are dropped, those with the API server included',
  expects: 'noPromotion',
  touches: () => [],
  async inject({ stage, before, onUndo }) {
    const nodes = new Set(before.operators.map(({ node }) => node));
    for (const node of nodes) {
      onUndo(() => acceptPackets(stage, node));
      const own = before.operators.filter((operator) => operator.node === node);
      await dropPackets(
        stage,
        node,
        own.flatMap(({ address }) => [
          ['-s', address],
          ['-d', address],
        ]),
      );
    }
  },
  lastsMilliseconds: 8000,
};
