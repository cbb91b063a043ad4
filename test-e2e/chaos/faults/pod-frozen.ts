import { findPodProcesses, podProcesses, sendTo } from '../stage/pod-processes.ts';
import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';

export const podFrozen: Fault = {
  name: 'pod-frozen',
  description:
    'SIGSTOP for server, agent and launcher of the primary at once, SIGCONT once another is primary',
  expects: 'promotion',
  holdsMembers: true,
  touches: primaryNode,
  async inject({ before, onUndo }) {
    const pause = new Set(findPodProcesses(before.primary.uid, 'pause'));
    const pids = podProcesses(before.primary.uid).filter((pid) => !pause.has(pid));
    onUndo(() => sendTo(pids, 'SIGCONT'));
    sendTo(pids, 'SIGSTOP');
  },
  lastsMilliseconds: 3000,
};
