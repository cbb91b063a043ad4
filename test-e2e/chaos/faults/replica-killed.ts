import { signalPod } from '../stage/pod-processes.ts';
import type { Fault } from './fault.ts';

export const replicaKilled: Fault = {
  name: 'replica-killed',
  description: 'SIGKILL for the server of one replica',
  expects: 'noPromotion',
  touches: () => [],
  async inject({ before, random }) {
    const replica = before.replicas[Math.floor(random() * before.replicas.length)];
    if (replica === undefined) {
      throw new Error('there is no replica');
    }
    signalPod(replica.uid, 'server', 'SIGKILL');
  },
  lastsMilliseconds: 4000,
};
