import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { takesConnections } from './unix-socket.ts';

describe('takesConnections', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'socket-'));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('says whether somebody listens', async () => {
    const path = join(folder, 'some.sock');
    expect(await takesConnections(path)).toBe(false);
    const server = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => server.listen(path, resolve));
    expect(await takesConnections(path)).toBe(true);
    await new Promise((resolve) => server.close(resolve));
    expect(await takesConnections(path)).toBe(false);
  });
});
