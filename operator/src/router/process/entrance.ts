import type { Socket } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import { ClientDoor, type DoorAddress } from '../client/client-door.ts';

/** Where clients come from. */
export interface Entrance {
  /** Gives each client to `accept` from now on. Rejects when that is impossible. */
  open(accept: (socket: Socket) => void): Promise<void>;
  /** Resolves when no further client comes. */
  close(): Promise<void>;
}

/** New connections are accepted for so long after the end has begun: endpoints are taken out meanwhile. */
const LAME_DUCK_MILLISECONDS = 2000;

/** An entrance that listens. `unread`: for another process, see {@link ClientDoor}. */
export function listeningEntrance(
  address: DoorAddress,
  { unread, clock }: { readonly unread: boolean; readonly clock: Clock },
): Entrance {
  let door: ClientDoor | undefined;
  return {
    async open(accept) {
      door = new ClientDoor(accept, { unread });
      await door.open(address);
    },
    async close() {
      await clock.sleep(LAME_DUCK_MILLISECONDS, new AbortController().signal);
      door?.close();
    },
  };
}
