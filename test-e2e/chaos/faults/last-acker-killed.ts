import { setTimeout as delay } from 'node:timers/promises';
import { signalPod } from '../stage/pod-processes.ts';
import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';

export const lastAckerKilled: Fault = {
  name: 'last-acker-killed',
  description: 'SIGKILL for one replica’s server, and for the primary’s within 100 ms',
  expects: 'promotion',
  touches: primaryNode,
  async inject({ before, random }) {
    const replica = before.replicas[Math.floor(random() * before.replicas.length)];
    if (replica === undefined) {
      throw new Error('there is no replica');
    }
    signalPod(replica.uid, 'server', 'SIGKILL');
    await delay(random() * 100);
    signalPod(before.primary.uid, 'server', 'SIGKILL');
  },
};
