/** What can happen to a move beyond the death of those who take part. */
import { setTimeout as delay } from 'node:timers/promises';
import type { MoveFault } from '../moves/move-faults.ts';
import { MovesWorld } from '../moves/moves-world.ts';
import type { ShardLinks } from './shard-links.ts';
import type { SmallFolders } from './small-folders.ts';

/** Longer than any time-out of a connection between agents. */
const CUT_MILLISECONDS = 12_000;
/** Longer than agents take to look at their volumes. */
const FULL_MILLISECONDS = 8_000;

/** The shards of the move cannot reach each other for a while; everybody else reaches both. */
export function shardsCutOff(links: ShardLinks): MoveFault {
  return {
    name: 'the way between both shards is cut',
    isSeenByClients: false,
    async strike(_, { from, to }) {
      links.cut(from, to);
      await delay(CUT_MILLISECONDS);
      links.heal();
    },
  };
}

/** The volume of the receiving primary has not a byte left for a while. Clients of its other slots may see that. */
export function receivingVolumeFull(folders: SmallFolders): MoveFault {
  return {
    name: 'the volume of the receiving primary is full',
    isSeenByClients: true,
    async strike(world, { to }) {
      if (!(world instanceof MovesWorld)) {
        throw new TypeError('only volumes of processes can be filled');
      }
      const { volumePath } = world.primary(to);
      await folders.fill(volumePath);
      await delay(FULL_MILLISECONDS);
      await folders.empty(volumePath);
    },
  };
}
