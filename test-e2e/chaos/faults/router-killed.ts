import { signalPod } from '../stage/pod-processes.ts';
import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';

export const routerKilled: Fault = {
  name: 'router-killed',
  description: 'SIGKILL for all processes of one router; its clients connect again, to the other one',
  expects: 'noPromotion',
  touches: primaryNode,
  losesRouters: ({ routers }) => routers.slice(0, 1),
  async inject({ before }) {
    const [router] = before.routers;
    if (router === undefined) {
      throw new Error('there is no router');
    }
    signalPod(router.uid, 'router', 'SIGKILL');
  },
  lastsMilliseconds: 4000,
};
