import { signalPod } from '../stage/pod-processes.ts';
import { changeSpec } from '../stage/stage.ts';
import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';

export const serverKilledDelayed: Fault = {
  name: 'server-killed-delayed',
  description: 'as server-killed, with `spec.failover.delaySeconds: 10`, to show what waiting costs',
  // The primary has the time to come back.
  expects: 'either',
  touches: primaryNode,
  async prepare({ stage, onUndo }) {
    onUndo(() => changeSpec(stage, { failover: { delaySeconds: 0 } }));
    await changeSpec(stage, { failover: { delaySeconds: 10 } });
  },
  async inject({ before }) {
    signalPod(before.primary.uid, 'server', 'SIGKILL');
  },
};
