import { signalPod } from '../stage/pod-processes.ts';
import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';

export const launcherKilled: Fault = {
  name: 'launcher-killed',
  description: 'SIGKILL for the launcher beside the primary’s server, the main process of its container',
  expects: 'either',
  touches: primaryNode,
  async inject({ before }) {
    signalPod(before.primary.uid, 'launcher', 'SIGKILL');
  },
  lastsMilliseconds: 5000,
};
