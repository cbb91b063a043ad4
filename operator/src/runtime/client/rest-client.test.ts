import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { noMetrics } from '../metrics/metrics.ts';
import { configMaps, nodes } from '../resources.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import type { ApiClient, WatchEvent } from './api-client.ts';
import { splitLines } from './lines.ts';
import { createRestClient } from './rest-client.ts';
import type { Transport } from './transport.ts';
import { createTransport } from './transport.ts';

const signal = new AbortController().signal;
const key = { namespace: 'a', name: 'b' };

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let handler: Handler;
let transport: Transport;
let client: ApiClient;
let clock: FakeClock;
let connections: number;
let token: string;
let identity: string;

beforeEach(async () => {
  server = createServer((request, response) => handler(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  connections = 0;
  token = 'first';
  identity = 'one';
  clock = new FakeClock();
  const metrics = { ...noMetrics.client, connectionOpened: () => void (connections += 1) };
  transport = createTransport({
    credentials: {
      current: async () => ({
        server: `http://127.0.0.1:${port}/prefix/`,
        tls: { servername: identity },
        headers: { authorization: `Bearer ${token}` },
      }),
      refresh: () => {
        token = 'second';
      },
    },
    userAgent: 'test/1',
    metrics,
  });
  client = createRestClient({ transport, clock, metrics, random: () => 0 });
});

afterEach(async () => {
  await transport.close();
  server.closeAllConnections();
  server.close();
});

function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

async function collect(
  options: { timeoutSeconds?: number; silenceMilliseconds?: number } = {},
): Promise<string[]> {
  const seen: string[] = [];
  const watch: AsyncIterable<WatchEvent<object>> = client.watch(
    configMaps,
    { resourceVersion: '1', timeoutSeconds: 300, ...options },
    signal,
  );
  for await (const event of watch) {
    seen.push(event.type);
  }
  return seen;
}

describe('a request', () => {
  it('carries path, token and user agent, and shares connections with others', async () => {
    const seen: string[] = [];
    handler = (request, response) => {
      seen.push(
        `${request.method} ${request.url} ${request.headers.authorization} ${request.headers['user-agent']}`,
      );
      answer(response, 200, { metadata: { name: 'b' } });
    };
    await client.get(configMaps, key, signal);
    await client.get(nodes, { name: 'n/1' }, signal);
    expect(seen).toEqual([
      'GET /prefix/api/v1/namespaces/a/configmaps/b Bearer first test/1',
      'GET /prefix/api/v1/nodes/n%2F1 Bearer first test/1',
    ]);
    for (let count = 0; count < 20; count += 1) {
      await client.get(configMaps, key, signal);
    }
    expect(connections).toBeLessThanOrEqual(2);
  });

  it('uses new connections once the TLS identity has changed', async () => {
    handler = (_request, response) => answer(response, 200, {});
    await client.get(configMaps, key, signal);
    identity = 'two';
    await client.get(configMaps, key, signal);
    expect(connections).toBe(2);
  });

  it('asks for fresh credentials after it was refused', async () => {
    handler = (request, response) =>
      answer(response, request.headers.authorization === 'Bearer second' ? 200 : 401, { kind: 'Status' });
    await expect(client.get(configMaps, key, signal)).rejects.toMatchObject({
      code: 'Unauthorized',
      status: 401,
    });
    await expect(client.get(configMaps, key, signal)).resolves.toEqual({ kind: 'Status' });
  });

  it.each([
    [404, { reason: 'NotFound' }, 'NotFound'],
    [409, { reason: 'Conflict' }, 'Conflict'],
    [409, { reason: 'AlreadyExists' }, 'AlreadyExists'],
    [422, { reason: 'Invalid', details: { causes: [{ field: 'spec' }] } }, 'Invalid'],
    [422, { reason: 'Invalid', details: { causes: [{ field: 'metadata.uid' }] } }, 'Conflict'],
    [422, { reason: 'Invalid', details: { causes: [{ field: 'spec' }] } }, 'Invalid'],
    [410, { reason: 'Expired' }, 'Gone'],
    [403, { reason: 'Forbidden' }, 'Forbidden'],
    [500, { reason: 'InternalError' }, 'Unavailable'],
    [504, { reason: 'Timeout' }, 'Timeout'],
    [418, {}, 'Unknown'],
  ])('translates %i %j', async (status, body, code) => {
    handler = (_request, response) => answer(response, status, { kind: 'Status', message: 'why', ...body });
    await expect(client.create(configMaps, { metadata: key }, signal)).rejects.toMatchObject({
      code,
      status,
      message: 'POST /api/v1/namespaces/a/configmaps: why',
    });
  });

  it('does not take an unknown resource for a missing object', async () => {
    handler = (_request, response) => answer(response, 404, '404 page not found');
    await expect(client.get(configMaps, key, signal)).rejects.toMatchObject({ code: 'NotFound' });
    handler = (_request, response) =>
      answer(response, 404, { kind: 'Status', reason: 'NotFound', details: { name: 'b' } });
    await expect(client.get(configMaps, key, signal)).resolves.toBeUndefined();
    await expect(client.delete(configMaps, key, {}, signal)).resolves.toBe(false);
  });

  it('waits and tries again when told to, within bounds', async () => {
    const calls: number[] = [];
    handler = (_request, response) => {
      calls.push(clock.monotonic());
      answer(response, calls.length < 3 ? 429 : 200, {}, { 'retry-after': '2' });
    };
    const call = client.get(configMaps, key, signal);
    while (calls.length < 3) {
      await clock.advance(100);
    }
    await expect(call).resolves.toEqual({});
    expect(clock.monotonic()).toBeGreaterThanOrEqual(4000);
    handler = (_request, response) => answer(response, 429, {}, { 'retry-after': '60' });
    const refused = client.get(configMaps, key, signal);
    await expect(refused).rejects.toMatchObject({ code: 'TooManyRequests', retryAfterMilliseconds: 60_000 });
  });

  it('gives up when no answer comes, and reports a broken connection', async () => {
    const arrived = Promise.withResolvers<undefined>();
    handler = () => arrived.resolve(undefined);
    const slow = client.get(configMaps, key, signal);
    await arrived.promise;
    const outcome = slow.catch((error: unknown) => error);
    await clock.advance(60_000);
    expect(await outcome).toMatchObject({ code: 'Timeout' });
    handler = (request) => request.socket.destroy();
    await expect(client.get(configMaps, key, signal)).rejects.toMatchObject({
      code: 'Unavailable',
      status: 0,
    });
    handler = (_request, response) => answer(response, 200, '{"half":');
    await expect(client.get(configMaps, key, signal)).rejects.toMatchObject({ code: 'Malformed' });
  });

  it('ends with the reason of the signal', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    handler = () => stop.abort(reason);
    await expect(client.get(configMaps, key, stop.signal)).rejects.toBe(reason);
  });

  it.each(['', '.', '..'])('refuses the name %j', async (name) => {
    await expect(client.get(configMaps, { namespace: 'a', name }, signal)).rejects.toThrow(TypeError);
  });
});

describe('a watch', () => {
  const metadata = { name: 'b', resourceVersion: '2' };

  it('asks for bookmarks and ends when the server does', async () => {
    let url = '';
    handler = (request, response) => {
      url = request.url ?? '';
      response.write(`${JSON.stringify({ type: 'ADDED', object: { metadata } })}\n\n`);
      response.end(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata } })}\n`);
    };
    await expect(collect()).resolves.toEqual(['ADDED', 'BOOKMARK']);
    expect(url).toBe(
      '/prefix/api/v1/configmaps?watch=true&allowWatchBookmarks=true&resourceVersion=1&timeoutSeconds=300',
    );
  });

  it.each([
    ['Gone', { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }],
    ['Unavailable', { type: 'ERROR', object: { kind: 'Status', code: 500 } }],
    ['Malformed', { type: 'ADDED', object: { metadata: { name: 'b' } } }],
    ['Malformed', { type: 'ADDED', object: { metadata: { resourceVersion: '2' } } }],
    ['Malformed', { type: 'RENAMED', object: { metadata } }],
    ['Malformed', 'text'],
    ['Malformed', null],
  ])('fails with %s for %j', async (code, event) => {
    handler = (_request, response) => response.end(`${JSON.stringify(event)}\n`);
    await expect(collect()).rejects.toMatchObject({ code });
  });

  it('fails when the connection breaks, and when it falls silent', async () => {
    handler = (request, response) => {
      response.write('\n');
      setImmediate(() => request.socket.destroy());
    };
    await expect(collect()).rejects.toMatchObject({ code: 'Unavailable' });
    handler = (_request, response) => response.write('\n');
    await expect(collect({ silenceMilliseconds: 1000 })).rejects.toMatchObject({ code: 'Timeout' });
  });
});

async function allOf(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) {
    all.push(line);
  }
  return all;
}

describe('the splitter of lines', () => {
  async function* chunksOf(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
    let start = 0;
    for (const cut of cuts.map((share) => Math.floor(share * bytes.length)).toSorted((a, b) => a - b)) {
      yield bytes.subarray(start, cut);
      start = cut;
    }
    yield bytes.subarray(start);
  }

  it('gives the same lines wherever the stream is cut', async () => {
    const line = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', '') || 'é');
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(share), async (lines, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        expect(await allOf(splitLines(chunksOf(bytes, cuts), 1_000_000))).toEqual(lines);
      }),
    );
  });

  it('refuses a line that is too long before it ends', async () => {
    const bytes = Buffer.from('12345678\n123456789');
    await expect(allOf(splitLines(chunksOf(bytes, [0.5]), 8))).rejects.toMatchObject({
      code: 'LineTooLong',
    });
  });
});
