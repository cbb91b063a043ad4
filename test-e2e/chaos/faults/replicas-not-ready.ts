import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../cluster/machine/wait.ts';
import { signalPod } from '../stage/pod-processes.ts';
import { listReadyMembers } from '../stage/topology.ts';
import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';
import { holdBackReplicas } from './hold-back-replicas.ts';

/** Lag makes a replica unready after five seconds; the kubelet asks every few. */
const UNREADY_MILLISECONDS = 30_000;
const AFTERWARDS_MILLISECONDS = 500;

export const replicasNotReady: Fault = {
  name: 'replicas-not-ready',
  description:
    'row locks keep all replicas from applying until Kubernetes has called every one of their pods not ready; then as replicas-lagging',
  expects: 'promotion',
  touches: primaryNode,
  async inject(context) {
    const { stage, before } = context;
    const release = await holdBackReplicas(context);
    await waitFor(
      'all replicas to be not ready',
      async () => {
        const ready = await listReadyMembers(stage);
        return ready.some(({ name }) => name !== before.primary.name) ? undefined : true;
      },
      { timeoutMilliseconds: UNREADY_MILLISECONDS },
    );
    signalPod(before.primary.uid, 'server', 'SIGKILL');
    await delay(AFTERWARDS_MILLISECONDS);
    release();
  },
};
