import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';

export const podDeleted: Fault = {
  name: 'pod-deleted',
  description: 'the primary’s pod is deleted, with its grace period',
  expects: 'promotion',
  touches: primaryNode,
  async inject({ stage, before }) {
    const { name } = before.primary;
    await stage.kubectl.run(['delete', 'pod', name, `--namespace=${stage.namespace}`, '--wait=false']);
  },
};
