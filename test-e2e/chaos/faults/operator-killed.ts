import { setTimeout as delay } from 'node:timers/promises';
import { signalPod } from '../stage/pod-processes.ts';
import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';

const LATEST_MILLISECONDS = 150;

export const operatorKilled: Fault = {
  name: 'operator-killed',
  description:
    'SIGKILL for the primary’s server, and for the leading operator at a moment within the next 150 ms',
  expects: 'promotion',
  touches: primaryNode,
  async inject({ before, random }) {
    const { leader } = before;
    if (leader === undefined) {
      throw new Error('no operator leads');
    }
    signalPod(before.primary.uid, 'server', 'SIGKILL');
    await delay(random() * LATEST_MILLISECONDS);
    signalPod(leader.uid, 'operator', 'SIGKILL');
  },
};
