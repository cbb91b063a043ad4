import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { takeChunksDirectly } from './direct-chunks.ts';

describe('takeChunksDirectly', () => {
  let server: Server;
  let near: Socket;
  let far: Socket;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const arrived = once(server, 'connection') as Promise<[Socket]>;
    near = createConnection(port, '127.0.0.1');
    [far] = await arrived;
  });

  afterEach(() => {
    near.destroy();
    far.destroy();
    server.close();
  });

  /** Collects as a channel does; `direct` counts the chunks that the stream has not emitted. */
  function collect(): { text: () => string; direct: () => number; undo: () => void } {
    let text = '';
    let taken = 0;
    let emitted = 0;
    const take = (chunk: Buffer): void => {
      taken += 1;
      text += chunk.toString();
    };
    near.on('data', () => (emitted += 1)).on('data', take);
    return { text: () => text, direct: () => taken - emitted, undo: takeChunksDirectly(near, take) };
  }

  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve));
  }

  it('hands chunks over in order, past the stream, and leaves its end to it', async () => {
    const { text, direct } = collect();
    const ended = once(near, 'end');
    far.write('one ');
    await until(() => text() === 'one ');
    far.end('two');
    await ended;
    expect(text()).toBe('one two');
    expect(direct()).toBe(2);
  });

  it('takes nothing while the stream is paused, and nothing before what came meanwhile', async () => {
    const { text } = collect();
    near.pause();
    far.write('one ');
    await until(() => near.readableLength === 4);
    expect(text()).toBe('');
    far.write('two ');
    near.resume();
    await until(() => text().length === 8);
    far.write('three');
    await until(() => text().length === 13);
    expect(text()).toBe('one two three');
  });

  it('holds the other side back while the stream is paused', async () => {
    const { text } = collect();
    const size = 32 * 1024 * 1024;
    near.pause();
    far.write(Buffer.alloc(size, 'x'));
    await until(() => near.readableLength > near.readableHighWaterMark / 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(near.readableLength).toBeLessThan(size / 16);
    near.resume();
    await until(() => text().length === size);
  });

  it('is undone: chunks are emitted again', async () => {
    const { text, direct, undo } = collect();
    far.write('one ');
    await until(() => text() === 'one ');
    undo();
    far.write('two');
    await until(() => text() === 'one two');
    expect(direct()).toBe(1);
  });
});
