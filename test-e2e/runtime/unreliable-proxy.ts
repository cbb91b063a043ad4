import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** A TCP proxy on loopback that fails on demand. */
export interface UnreliableProxy {
  readonly port: number;
  /** Connections accepted so far. */
  accepted(): number;
  /** Breaks every connection at once. */
  cut(): void;
  /** Leaves connections open and passes nothing on over them any more; new ones work. */
  freeze(): void;
  /** Breaks every connection and refuses new ones until told otherwise. */
  refuse(refusing: boolean): void;
  close(): Promise<void>;
}

/** Starts a proxy to a port of this machine. */
export async function startUnreliableProxy(targetPort: number): Promise<UnreliableProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let accepted = 0;
  let refusing = false;
  const server: Server = createServer((client) => {
    if (refusing) {
      client.destroy();
      return;
    }
    accepted += 1;
    const upstream = connect(targetPort, '127.0.0.1');
    const pair = [client, upstream] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of pair) {
      socket.on('error', end);
      socket.on('close', end);
    }
    client.pipe(upstream);
    upstream.pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const [client, upstream] of pairs) {
      client.destroy();
      upstream.destroy();
    }
  };
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    accepted: () => accepted,
    cut,
    freeze() {
      for (const [client, upstream] of pairs) {
        for (const socket of [client, upstream]) {
          socket.unpipe();
          socket.pause();
        }
      }
    },
    refuse(value) {
      refusing = value;
      if (value) {
        cut();
      }
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}
