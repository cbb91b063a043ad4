/**
 * Clients that a Service leads to the primary of a moment ago. A server that has stepped down takes connections all along,
 * and the tables of the nodes go on naming it for a while: a client that was ended there comes back to it, and would
 * stay on a server that refuses its writes.
 */
import type { Account } from '../engines/accounts.ts';
import type { UsersOrder } from '../engines/users.ts';
import { abortableWait } from '../runtime/abort.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ServerSession } from './server-session.ts';

/** kube-proxy was measured to take up to 1.5 s until a change of endpoints is in force on a node. */
const STALE_MILLISECONDS = 4000;
const INTERVAL_MILLISECONDS = 200;

export interface MisdirectedClientsOptions {
  readonly session: Pick<ServerSession, 'current' | 'state'>;
  /** Accounts whose sessions do not come by a Service. */
  readonly besides: () => readonly string[];
  readonly clock: Clock;
}

/** A server that has stepped down, until which time its clients come by mistake, and who of them was there at the last look. */
interface Watch {
  readonly pid: number;
  /** Monotonic milliseconds. */
  readonly until: number;
  ids: readonly number[];
}

/**
 * Ends sessions that have come by mistake, as soon as they are idle: while others may come, and for as long as one is left.
 * Whoever has just come is left alone for a moment: those who ask once and go are best served.
 */
export class MisdirectedClients {
  readonly #options: MisdirectedClientsOptions;
  #watched: Watch | null = null;
  #wake = (): void => {};

  constructor(options: MisdirectedClientsOptions) {
    this.#options = options;
  }

  /** The server has just stepped down, and nobody is there. */
  begin(): void {
    const { session, clock } = this.#options;
    const pid = session.current?.pid;
    this.#watched =
      pid === undefined ? null : { pid, until: clock.monotonic() + STALE_MILLISECONDS, ids: [] };
    this.#wake();
  }

  /** Looks after every server that steps down, and does nothing in between, until the signal aborts; then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#begun(signal);
      while (this.#isUnderWay() && !signal.aborted) {
        await this.#look(signal);
        await this.#options.clock.sleep(INTERVAL_MILLISECONDS, signal).catch(() => {});
      }
    }
  }

  /** Resolves once there is a server to look after, or the signal aborts. */
  async #begun(signal: AbortSignal): Promise<void> {
    if (this.#watched !== null || signal.aborted) {
      return;
    }
    const wait = abortableWait<undefined>(signal);
    this.#wake = () => wait.resolve(undefined);
    await wait.promise.catch(() => {});
  }

  /** Whether there is a server to look after; forgets one that needs it no more. */
  #isUnderWay(): boolean {
    const { session } = this.#options;
    const watched = this.#watched;
    if (
      watched !== null &&
      (session.current?.pid !== watched.pid ||
        session.state()?.writable === true ||
        (this.#isPast(watched) && watched.ids.length === 0))
    ) {
      this.#watched = null;
    }
    return this.#watched !== null;
  }

  /** Whether whoever comes now comes by his own will. */
  #isPast({ until }: Watch): boolean {
    return this.#options.clock.monotonic() >= until;
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { session, besides } = this.#options;
    const watched = this.#watched;
    const { current } = session;
    if (watched === null || current === null) {
      return;
    }
    const isPast = this.#isPast(watched);
    try {
      const { ids } = watched;
      const left = await current.session.endIdleClients({ ids, besides: besides() }, signal);
      watched.ids = isPast ? left.filter((id) => ids.includes(id)) : left;
    } catch {
      // The server is busy with something else, or gone: the next look knows.
    }
  }
}

/** Names of those that no Service leads: other members, monitoring beside the server, and routers, which go by the map. */
export function undirectedAccounts(
  accounts: readonly Account[] | null,
  order: UsersOrder | null,
): readonly string[] {
  const own = (accounts ?? []).filter(({ purpose }) => purpose === 'replication' || purpose === 'monitoring');
  const routers = (order?.users ?? []).filter(({ access }) => access.kind === 'router');
  return [...own, ...routers].map(({ name }) => name);
}
