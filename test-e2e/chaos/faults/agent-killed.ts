import { signalPod } from '../stage/pod-processes.ts';
import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';

export const agentKilled: Fault = {
  name: 'agent-killed',
  description: 'SIGKILL for the agent beside the primary; its server runs on',
  expects: 'noPromotion',
  touches: primaryNode,
  async inject({ before }) {
    signalPod(before.primary.uid, 'agent', 'SIGKILL');
  },
  lastsMilliseconds: 6000,
};
