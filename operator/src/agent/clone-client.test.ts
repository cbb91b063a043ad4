/** Clones between two real ends, over real TLS, with everything that can go wrong between them. */
import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { TlsMaterial } from '../pki/tls-material.ts';
import { systemClock } from '../runtime/clock.ts';
import { type CloneRequest, requestClone, type TransferProgress } from './clone-client.ts';
import { type AgentFixture, POD_SERVER_NAME, startAgentFixture } from './testing/agent-fixture.ts';
import { RefusedError } from './protocol/commands.ts';
import type { OpenClone } from './transport/clone-responder.ts';

const identity = { namespace: 'shop', cluster: 'demo', role: 'agent' } as const;
const never = new AbortController().signal;

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) {
    await cleanUp();
  }
});

async function startSource(openClone: OpenClone): Promise<AgentFixture> {
  const agent = await startAgentFixture({ openClone });
  cleanUps.push(() => agent.server.close());
  return agent;
}

async function requestFrom(
  agent: AgentFixture,
  change: Partial<CloneRequest> & { readonly port?: number; readonly material?: TlsMaterial } = {},
): Promise<CloneRequest> {
  const port = change.port ?? agent.server.port;
  return {
    pod: 'demo-shard-0-2',
    source: { host: '127.0.0.1', port, serverName: POD_SERVER_NAME, identity },
    tls: change.material ?? (await agent.authority.material('agent')),
    clock: systemClock,
    ...change,
  };
}

/** So many chunks of a pattern that shows a lost, doubled or misplaced byte. */
function* chunks(count: number, size = 65_536): Generator<Buffer> {
  for (let index = 0; index < count; index += 1) {
    yield Buffer.alloc(size, index % 251);
  }
}

const open =
  (count: number): OpenClone =>
  async () => ({ bytes: Readable.from(chunks(count)), estimatedBytes: count * 65_536 });

async function read(stream: Readable): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of stream) {
    parts.push(chunk as Buffer);
  }
  return Buffer.concat(parts);
}

/** A relay that hands on so many bytes of the answer, and then does `cut` to both connections. */
async function relayTo(port: number, limit: number, cut: (socket: Socket) => void): Promise<number> {
  const relay: Server = createServer((near) => {
    const far = connectSocket(port, '127.0.0.1');
    let passed = 0;
    near.on('error', () => {});
    far.on('error', () => {});
    near.pipe(far);
    far.on('data', (chunk: Buffer) => {
      passed += chunk.length;
      if (passed < limit) {
        near.write(chunk);
      } else {
        far.pause();
        cut(near);
      }
    });
    cleanUps.unshift(() => [near, far].forEach((socket) => socket.destroy()));
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  cleanUps.push(() => relay.close());
  return (relay.address() as { port: number }).port;
}

describe('clone', () => {
  it('arrives complete, with its size and its progress', async () => {
    const agent = await startSource(open(100));
    const progress: TransferProgress[] = [];
    const clone = await requestClone(
      await requestFrom(agent, { onProgress: (step) => progress.push(step) }),
      never,
    );
    expect(clone.estimatedBytes).toBe(100 * 65_536);
    const received = await read(clone.bytes);
    expect(received.equals(Buffer.concat([...chunks(100)]))).toBe(true);
    expect(progress.at(-1)).toEqual({
      bytes: 100 * 65_536,
      estimatedBytes: 100 * 65_536,
      bytesPerSecond: expect.any(Number),
    });
    expect(agent.clones.servedPod()).toBeNull();
  });

  it('may be empty, and still is complete', async () => {
    const agent = await startSource(open(0));
    expect((await read((await requestClone(await requestFrom(agent), never)).bytes)).length).toBe(0);
  });

  it('fails, and does not end, when the source’s copy failed, with its words', async () => {
    const agent = await startSource(async () => ({
      bytes: Readable.from(
        (function* () {
          yield* chunks(3);
          throw new Error('mariadb-backup ended with exit code 1: naïve “quotes”\n');
        })(),
      ),
      estimatedBytes: 10,
    }));
    const clone = await requestClone(await requestFrom(agent), never);
    await expect(read(clone.bytes)).rejects.toMatchObject({
      code: 'SourceFailed',
      message: expect.stringContaining('exit code 1: naïve “quotes”'),
    });
    expect(agent.clones.servedPod()).toBeNull();
  });

  it.each([
    ['closed', (socket: Socket) => socket.end()],
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
  ])('fails, and does not end, when the connection is %s in the middle', async (_name, cut) => {
    const agent = await startSource(open(100));
    const port = await relayTo(agent.server.port, 3_000_000, cut);
    const clone = await requestClone(await requestFrom(agent, { port }), never);
    await expect(read(clone.bytes)).rejects.toMatchObject({ code: 'Truncated' });
  });

  it('fails for a reader, too, who looks only after it has failed', async () => {
    const agent = await startSource(open(100));
    const port = await relayTo(agent.server.port, 100_000, (socket) => socket.resetAndDestroy());
    const clone = await requestClone(await requestFrom(agent, { port }), never);
    while (!clone.bytes.destroyed) {
      await delay(1);
    }
    await expect(pipeline(clone.bytes, new PassThrough())).rejects.toMatchObject({ code: 'Truncated' });
  });

  it('fails when the connection is cut within its very last bytes', async () => {
    const agent = await startSource(open(2));
    // The last two dozen bytes are the farewell of TLS, which comes after everything.
    for (const missing of [30, 100, 500]) {
      const port = await relayTo(agent.server.port, (await answerLength(agent)) - missing, (socket) =>
        socket.end(),
      );
      const attempt = requestFrom(agent, { port }).then((options) => requestClone(options, never));
      await expect(attempt.then(({ bytes }) => read(bytes))).rejects.toMatchObject({ code: 'Truncated' });
    }
  });

  it('fails when nothing comes any more', async () => {
    const agent = await startSource(open(100));
    const port = await relayTo(agent.server.port, 1_000_000, () => {});
    const clone = await requestClone(await requestFrom(agent, { port, stallMilliseconds: 1000 }), never);
    await expect(read(clone.bytes)).rejects.toMatchObject({ code: 'Stalled' });
  });

  it('is given to one at a time, and to the next afterwards', async () => {
    const agent = await startSource(open(200));
    const first = await requestClone(await requestFrom(agent), never);
    expect(agent.clones.servedPod()).toBe('demo-shard-0-2');
    const second = requestClone(await requestFrom(agent, { pod: 'demo-shard-0-3' }), never);
    await expect(second).rejects.toMatchObject({ code: 'Unavailable', cause: { code: 'Busy' } });
    await read(first.bytes);
    const next = await requestClone(await requestFrom(agent, { pod: 'demo-shard-0-3' }), never);
    expect(agent.clones.servedPod()).toBe('demo-shard-0-3');
    next.bytes.destroy();
  });

  it('stops at its source when the reader goes away', async () => {
    const stopped = Promise.withResolvers<AbortSignal>();
    const agent = await startSource(async (_pod, signal) => {
      signal.addEventListener('abort', () => stopped.resolve(signal), { once: true });
      return { bytes: Readable.from(chunks(100_000)), estimatedBytes: 1 };
    });
    const abort = new AbortController();
    const clone = await requestClone(await requestFrom(agent), abort.signal);
    await once(clone.bytes, 'readable');
    abort.abort(new Error('no longer wanted'));
    await expect(read(clone.bytes)).rejects.toThrow('no longer wanted');
    await stopped.promise;
    while (agent.clones.servedPod() !== null) {
      await delay(1);
    }
  });

  it('never makes the source read ahead of a slow reader by much', async () => {
    let produced = 0;
    const agent = await startSource(async () => ({
      bytes: Readable.from(
        (function* () {
          for (const chunk of chunks(2000)) {
            produced += chunk.length;
            yield chunk;
          }
        })(),
      ),
      estimatedBytes: 1,
    }));
    const clone = await requestClone(await requestFrom(agent), never);
    await once(clone.bytes, 'readable');
    let before = -1;
    while (produced !== before) {
      before = produced;
      await delay(100);
    }
    // What the kernel takes on both sides of a loopback connection is most of it.
    expect(produced).toBeLessThan(32 * 1024 * 1024);
    clone.bytes.destroy();
  });

  it.each([
    [
      'a source that has none',
      async () => Promise.reject(new RefusedError('NotReady', 'no server runs')),
      'NotReady',
    ],
    ['a source that fails to begin', async () => Promise.reject(new Error('disk')), 'Failed'],
  ] as const)('is refused by %s', async (_name, openClone, code) => {
    const agent = await startSource(openClone);
    const attempt = requestClone(await requestFrom(agent), never);
    await expect(attempt).rejects.toMatchObject({ code: 'Unavailable', cause: { code } });
    expect(agent.clones.servedPod()).toBeNull();
  });

  it('is refused to a pod of no name', async () => {
    const agent = await startSource(open(1));
    const attempt = requestClone(await requestFrom(agent, { pod: 'a b' }), never);
    await expect(attempt).rejects.toMatchObject({ cause: { code: 'InvalidRequest' } });
  });

  it('is not taken from a source of another shard, or from nobody', async () => {
    const agent = await startSource(open(1));
    agent.tls.replace(await agent.authority.material('agent', { shard: 'demo-shard-1' }));
    await expect(requestClone(await requestFrom(agent), never)).rejects.toMatchObject({
      code: 'Unavailable',
      cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
    await agent.server.close();
    cleanUps.pop();
    await expect(requestClone(await requestFrom(agent), never)).rejects.toMatchObject({
      code: 'Unavailable',
      cause: { code: 'ECONNREFUSED' },
    });
  });
});

/** Bytes of a whole answer on the wire, counted once through a relay that cuts nothing. */
async function answerLength(agent: AgentFixture): Promise<number> {
  let total = 0;
  const relay = createServer((near) => {
    const far = connectSocket(agent.server.port, '127.0.0.1');
    near.pipe(far).pipe(near);
    near.on('error', () => {});
    far.on('error', () => {});
    far.on('data', (chunk: Buffer) => (total += chunk.length));
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const { port } = relay.address() as { port: number };
  const clone = await requestClone(await requestFrom(agent, { port }), never);
  await read(clone.bytes);
  relay.close();
  return total;
}
