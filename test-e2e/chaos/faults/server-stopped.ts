import { findPodProcesses, sendTo } from '../stage/pod-processes.ts';
import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';

export const serverStopped: Fault = {
  name: 'server-stopped',
  description: 'SIGSTOP for the primary’s server, SIGCONT once another is primary',
  expects: 'promotion',
  holdsMembers: true,
  touches: primaryNode,
  async inject({ before, onUndo }) {
    const pids = findPodProcesses(before.primary.uid, 'server');
    onUndo(() => sendTo(pids, 'SIGCONT'));
    sendTo(pids, 'SIGSTOP');
  },
};
