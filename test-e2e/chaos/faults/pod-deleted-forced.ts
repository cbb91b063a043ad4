import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';

export const podDeletedForced: Fault = {
  name: 'pod-deleted-forced',
  description: 'the primary’s pod is deleted with `--force --grace-period=0`',
  expects: 'promotion',
  touches: primaryNode,
  async inject({ stage, before }) {
    const forced = ['--force', '--grace-period=0', '--wait=false'];
    const { name } = before.primary;
    await stage.kubectl.run(['delete', 'pod', name, `--namespace=${stage.namespace}`, ...forced]);
  },
};
