import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { knockByTcp } from './knock.ts';

describe('a knock', () => {
  const server = createServer((socket) => void socket.resume());
  const never = new AbortController().signal;

  afterEach(async () => {
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
  });

  async function listen(): Promise<number> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  it('is accepted where a program listens, and leaves no connection behind', async () => {
    const port = await listen();
    expect(await knockByTcp('127.0.0.1', port, never)).toBe('accepted');
  });

  it('is refused where the machine is there and nobody listens', async () => {
    const port = await listen();
    server.close();
    await once(server, 'close');
    expect(await knockByTcp('127.0.0.1', port, never)).toBe('refused');
  });

  it('is silent where there is no way', async () => {
    // Our own kernel has no way to a broadcast by TCP, whatever network there is.
    expect(await knockByTcp('255.255.255.255', 9188, never)).toBe('silent');
  });

  it('is silent once its time is up', async () => {
    const port = await listen();
    expect(await knockByTcp('127.0.0.1', port, AbortSignal.abort())).toBe('silent');
  });
});
