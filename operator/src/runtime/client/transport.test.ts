import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it } from '@jest/globals';
import { noMetrics } from '../metrics/metrics.ts';
import { createTransport } from './transport.ts';

it('gives up at once a request that still waits for its connection: whoever holds a lease has to know in time', async () => {
  const sockets: Socket[] = [];
  // It accepts, and never shakes hands: as a machine does that was cut off a moment later.
  const server = createServer((socket) => void sockets.push(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const transport = createTransport({
    credentials: {
      current: async () => ({ server: `https://127.0.0.1:${port}/`, tls: {}, headers: {} }),
      refresh: () => {},
    },
    userAgent: 'test/1',
    metrics: noMetrics.client,
  });
  const stop = new AbortController();
  const sent = transport.send(
    { method: 'GET', path: '/', streaming: false, silenceMilliseconds: 60_000 },
    stop.signal,
  );
  await once(server, 'connection');
  const askedAt = performance.now();
  stop.abort(new Error('too late'));
  await expect(sent).rejects.toThrow('too late');
  expect(performance.now() - askedAt).toBeLessThan(30_000);
  sockets.forEach((socket) => socket.destroy());
  server.close();
  await transport.close();
});
