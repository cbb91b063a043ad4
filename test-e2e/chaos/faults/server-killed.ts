import { signalPod } from '../stage/pod-processes.ts';
import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';

export const serverKilled: Fault = {
  name: 'server-killed',
  description: 'SIGKILL for the primary’s server',
  expects: 'promotion',
  touches: primaryNode,
  async inject({ before }) {
    signalPod(before.primary.uid, 'server', 'SIGKILL');
  },
};
