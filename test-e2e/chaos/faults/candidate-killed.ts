import { setTimeout as delay } from 'node:timers/promises';
import { signalPod } from '../stage/pod-processes.ts';
import type { Fault } from './fault.ts';
import { primaryNode, untilStatus } from './fault.ts';

const PROMOTION_MILLISECONDS = 20_000;
const LATEST_MILLISECONDS = 60;

export const candidateKilled: Fault = {
  name: 'candidate-killed',
  description:
    'SIGKILL for the primary’s server, and for that of its successor within 60 ms of the map naming it',
  expects: 'promotion',
  touches: primaryNode,
  async inject(context) {
    const { before, random } = context;
    signalPod(before.primary.uid, 'server', 'SIGKILL');
    await untilStatus(
      context,
      ({ epoch, primary }) => epoch > before.epoch && primary !== null,
      PROMOTION_MILLISECONDS,
    );
    const winner = before.replicas.find(({ name }) => name === context.status()?.primary);
    if (winner === undefined) {
      throw new Error('no replica was named primary');
    }
    await delay(random() * LATEST_MILLISECONDS);
    signalPod(winner.uid, 'server', 'SIGKILL');
  },
};
