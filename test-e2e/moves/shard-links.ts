/** The ways between shards, which can be cut: connections of a shard to members of another one go through here. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { MemberPorts, RoutedMember } from '../agent/cluster-processes.ts';

interface Link {
  readonly shards: readonly [number, number];
  readonly server: Server;
  readonly sockets: Set<Socket>;
}

/** All ways between shards of a world. */
export class ShardLinks {
  readonly #links: Link[] = [];
  #cut: readonly [number, number] | null = null;

  /** Opens the ways from a shard to a member of another one; returns the ports to be used instead of the member's. */
  async route(from: number, { shard, ports }: RoutedMember): Promise<MemberPorts> {
    return {
      agent: await this.#open([from, shard], ports.agent),
      server: await this.#open([from, shard], ports.server),
    };
  }

  /**
   * Lets nothing through between two shards, in either direction, as if every packet were lost: connections stay, and nobody is told.
   * Everything else goes on.
   */
  cut(one: number, other: number): void {
    this.#cut = [one, other];
    this.#links
      .filter((link) => this.#isCut(link))
      .forEach(({ sockets }) => sockets.forEach((s) => s.pause()));
  }

  /** Lets everything through again, what was on its way included. */
  heal(): void {
    this.#cut = null;
    this.#links.forEach(({ sockets }) => sockets.forEach((socket) => socket.resume()));
  }

  close(): void {
    for (const { server, sockets } of this.#links) {
      server.close();
      sockets.forEach((socket) => socket.destroy());
    }
  }

  async #open(shards: readonly [number, number], port: number): Promise<number> {
    const sockets = new Set<Socket>();
    const server = createServer((near) => {
      const far = connect({ host: '127.0.0.1', port });
      this.#join(link, near, far);
      this.#join(link, far, near);
    });
    const link: Link = { shards, server, sockets };
    this.#links.push(link);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
    await promise;
    return (server.address() as AddressInfo).port;
  }

  /** By hand, since a pipe would go on by itself: what `cut` has paused stays so. */
  #join(link: Link, from: Socket, to: Socket): void {
    link.sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (chunk) => {
      if (!to.write(chunk)) {
        from.pause();
      }
    });
    to.on('drain', () => {
      if (!this.#isCut(link)) {
        from.resume();
      }
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      link.sockets.delete(from);
      to.destroy();
    });
    if (this.#isCut(link)) {
      from.pause();
    }
  }

  #isCut({ shards: [one, other] }: Link): boolean {
    return this.#cut?.includes(one) === true && this.#cut.includes(other);
  }
}
