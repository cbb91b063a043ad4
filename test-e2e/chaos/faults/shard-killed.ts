import { podProcesses, sendTo } from '../stage/pod-processes.ts';
import type { Fault } from './fault.ts';

export const shardKilled: Fault = {
  name: 'shard-killed',
  description: 'SIGKILL for all processes of all pods of the shard at once',
  expects: 'either',
  touches: () => [],
  async inject({ before }) {
    const pods = [before.primary, ...before.replicas];
    sendTo(
      pods.flatMap(({ uid }) => podProcesses(uid)),
      'SIGKILL',
    );
  },
};
