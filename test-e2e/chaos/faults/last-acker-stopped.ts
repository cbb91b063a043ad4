import { setTimeout as delay } from 'node:timers/promises';
import { findPodProcesses, sendTo, signalPod } from '../stage/pod-processes.ts';
import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';

export const lastAckerStopped: Fault = {
  name: 'last-acker-stopped',
  description:
    'SIGSTOP for one replica’s server, SIGKILL for the primary’s within 100 ms, so that only the other acknowledged last',
  expects: 'promotion',
  touches: primaryNode,
  async inject({ before, random, onUndo }) {
    const replica = before.replicas[Math.floor(random() * before.replicas.length)];
    const pids = replica === undefined ? [] : findPodProcesses(replica.uid, 'server');
    onUndo(() => sendTo(pids, 'SIGCONT'));
    sendTo(pids, 'SIGSTOP');
    await delay(random() * 100);
    signalPod(before.primary.uid, 'server', 'SIGKILL');
  },
};
