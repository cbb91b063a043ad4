/** What can happen to a move beyond the death of those who take part. */
import { setTimeout as delay } from 'node:timers/promises';
import type { MoveFault } from '../moves/move-faults.ts';

/** Longer than any time-out of a connection between agents. */
const CUT_MILLISECONDS = 12_000;
/** Longer than agents take to look at their volumes. */
const FULL_MILLISECONDS = 8_000;

/** The shards of the move cannot reach each other for a while; everybody else reaches both. */
export const shardsCutOff: MoveFault = {
  name: 'the way between both shards is cut',
  isSeenByClients: false,
  async strike(stage, { from, to }) {
    await stage.cutOff(from, to);
    await delay(CUT_MILLISECONDS);
    await stage.heal();
  },
};

/** The volume of the receiving primary has not a byte left for a while. Clients of its other slots may see that. */
export const receivingVolumeFull: MoveFault = {
  name: 'the volume of the receiving primary is full',
  isSeenByClients: true,
  async strike(stage, { to }) {
    const pod = stage.requirePrimary(to);
    await stage.fillVolume(pod);
    await delay(FULL_MILLISECONDS);
    await stage.freeVolume(pod);
  },
};
