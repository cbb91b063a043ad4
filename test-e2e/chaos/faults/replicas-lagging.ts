import { setTimeout as delay } from 'node:timers/promises';
import { signalPod } from '../stage/pod-processes.ts';
import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';
import { holdBackReplicas } from './hold-back-replicas.ts';

const LAG_MILLISECONDS = 3000;
const AFTERWARDS_MILLISECONDS = 500;

export const replicasLagging: Fault = {
  name: 'replicas-lagging',
  description:
    'row locks keep all replicas from applying for 3 s, the primary’s server gets SIGKILL, and 0.5 s later the locks go',
  expects: 'promotion',
  touches: primaryNode,
  async inject(context) {
    const release = await holdBackReplicas(context);
    await delay(LAG_MILLISECONDS);
    signalPod(context.before.primary.uid, 'server', 'SIGKILL');
    await delay(AFTERWARDS_MILLISECONDS);
    release();
  },
};
