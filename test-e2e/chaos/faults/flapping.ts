import { findPodProcesses, sendTo } from '../stage/pod-processes.ts';
import { listMembers } from '../stage/topology.ts';
import { monotonicTime } from '../clients/monotonic-time.ts';
import type { Fault } from './fault.ts';
import { untilStatus } from './fault.ts';

const TIMES = 3;
const RECOVERY_MILLISECONDS = 20_000;

export const flapping: Fault = {
  name: 'flapping',
  description: 'SIGKILL for the server of whoever is primary, three times, as soon as writes are taken again',
  expects: 'promotion',
  touches: () => [],
  async inject(context) {
    for (let time = 0; time < TIMES; time += 1) {
      const members = await listMembers(context.stage);
      const primary = members.find(({ name }) => name === context.status()?.primary);
      sendTo(primary === undefined ? [] : findPodProcesses(primary.uid, 'server'), 'SIGKILL');
      const killed = monotonicTime();
      await untilStatus(
        context,
        ({ kinds }) => (kinds.shardMap?.lastStart ?? 0) > killed + 50,
        RECOVERY_MILLISECONDS,
      );
    }
  },
};
