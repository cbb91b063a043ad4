import { annotate } from '../stage/stage.ts';
import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';

export const switchover: Fault = {
  name: 'switchover',
  description: 'a planned switchover to any replica, asked for by the annotation of the cluster',
  expects: 'promotion',
  touches: primaryNode,
  async inject({ stage, random }) {
    const token = Math.floor(random() * 1e9).toString(36);
    await annotate(stage, { [`switchover.shardwright.io/shard-${stage.shard}`]: `any/${token}` });
  },
};
