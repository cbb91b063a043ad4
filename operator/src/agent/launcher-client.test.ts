/** The agent's end against a real launcher process, killed and frozen for real. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { StartRequest } from '../launcher/protocol.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentLogger } from '../runtime/logger.ts';
import {
  createLauncherClient,
  type LauncherClient,
  type LauncherClientOptions,
  type LauncherEvent,
} from './launcher-client.ts';

const MAIN = join(import.meta.dirname, '../launcher/main.ts');
const never = new AbortController().signal;
const server: StartRequest = {
  program: process.execPath,
  arguments: ['-e', 'setInterval(() => {}, 1000)'],
  environment: {},
  epoch: 1,
  role: 'primary',
};

let directory: string;
let socketPath: string;
let cleanUps: (() => unknown)[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'launcher-client-'));
  socketPath = join(directory, 'launcher.sock');
  cleanUps = [() => rmSync(directory, { recursive: true })];
});
afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) {
    await cleanUp();
  }
});

async function launch(): Promise<ChildProcess> {
  const launcher = spawn(process.execPath, [MAIN, '--socket', socketPath, '--grace-seconds', '30'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  cleanUps.push(() => launcher.kill('SIGKILL'));
  for (let output = ''; !output.includes('launcher is ready');) {
    const [chunk] = (await once(launcher.stderr, 'data')) as [Buffer];
    output += chunk.toString();
  }
  return launcher;
}

interface RunningClient extends LauncherClient {
  /** The next event of that kind, those that came before included. */
  readonly next: <Kind extends LauncherEvent['kind']>(
    kind: Kind,
  ) => Promise<Extract<LauncherEvent, { kind: Kind }>>;
}

function runClient(change: Partial<LauncherClientOptions> = {}): RunningClient {
  const client = createLauncherClient({
    socketPath,
    clock: systemClock,
    logger: silentLogger,
    random: () => 0.5,
    ...change,
  });
  const events: LauncherEvent[] = [];
  let wake = Promise.withResolvers<void>();
  client.onEvent((event) => {
    events.push(event);
    wake.resolve();
    wake = Promise.withResolvers<void>();
  });
  const abort = new AbortController();
  const running = client.run(abort.signal);
  cleanUps.push(async () => {
    // A server must not outlive its test.
    await client.kill(AbortSignal.timeout(30_000)).catch(() => {});
    abort.abort();
    await running;
  });
  return {
    ...client,
    async next(kind) {
      for (;;) {
        const index = events.findIndex((event) => event.kind === kind);
        if (index >= 0) {
          return events.splice(index, 1)[0] as never;
        }
        await wake.promise;
      }
    },
  };
}

describe('launcher client', () => {
  it('attaches once the launcher is there, and starts and kills a server with proof of its death', async () => {
    const client = runClient();
    expect(client.status()).toBeUndefined();
    await expect(client.start(server, never)).rejects.toMatchObject({ code: 'Detached' });
    await launch();
    expect((await client.next('attached')).status).toMatchObject({ server: null, lastExit: null });
    expect(await client.kill(never)).toBeNull();
    const started = await client.start(server, never);
    expect(client.status()).toEqual(started);
    const exit = await client.kill(never);
    expect(exit).toMatchObject({ pid: started.server?.pid, signal: 'SIGKILL' });
    expect((await client.next('exited')).exit).toEqual(exit);
    expect(client.status()).toMatchObject({ server: null, lastExit: exit });
    expect(await client.kill(never)).toEqual(exit);
  });

  it('has another role of a running server recorded', async () => {
    await launch();
    const client = runClient();
    await client.next('attached');
    const { server: running } = await client.start(server, never);
    const pid = running?.pid ?? 0;
    await client.assign({ pid, epoch: 2, role: 'replica' }, never);
    expect(client.status()?.server).toMatchObject({ pid, epoch: 2, role: 'replica' });
    const stale = client.assign({ pid, epoch: 1, role: 'primary' }, never);
    await expect(stale).rejects.toMatchObject({ code: 'Refused', refusal: 'StaleEpoch' });
  });

  it('passes refusals on', async () => {
    await launch();
    const client = runClient();
    await client.next('attached');
    await client.start(server, never);
    await expect(client.start(server, never)).rejects.toMatchObject({
      code: 'Refused',
      refusal: 'AlreadyRunning',
    });
    await expect(client.release(never)).rejects.toMatchObject({ code: 'Refused' });
  });

  it('tells of a launcher that was killed, and attaches to the next, which knows of no server', async () => {
    const first = await launch();
    const client = runClient();
    const before = (await client.next('attached')).status;
    await client.start(server, never);
    first.kill('SIGKILL');
    await client.next('detached');
    expect(client.status()).toBeUndefined();
    await launch();
    const after = (await client.next('attached')).status;
    expect(after.server).toBeNull();
    expect(after.launcherPid).not.toBe(before.launcherPid);
  });

  it('is told to let go, and does', async () => {
    const launcher = await launch();
    const client = runClient();
    await client.next('attached');
    await client.start(server, never);
    const exited = once(launcher, 'exit');
    launcher.kill('SIGTERM');
    expect(await client.next('terminating')).toMatchObject({ graceMilliseconds: 30_000 });
    expect(client.status()?.terminating).toBe(true);
    await client.release(never);
    expect(await exited).toEqual([0, null]);
    await client.next('exited');
  });

  it('gives up on a frozen launcher, and is back when that is', async () => {
    const launcher = await launch();
    const client = runClient({ answerMilliseconds: 3000, checkMilliseconds: 50 });
    await client.next('attached');
    launcher.kill('SIGSTOP');
    await client.next('detached');
    launcher.kill('SIGCONT');
    await client.next('attached');
    expect((await client.start(server, never)).server).not.toBeNull();
  });

  it('does not fight another agent over the launcher', async () => {
    await launch();
    const [one, other] = [runClient(), runClient()];
    await Promise.all([one.next('attached'), other.next('attached')]);
    await Promise.race([one.next('detached'), other.next('detached')]);
    const attached = [one, other].filter((client) => client.status() !== undefined);
    expect(attached).toHaveLength(1);
    await attached[0]?.start(server, never);
  });

  it('stops waiting with its signal', async () => {
    const launcher = await launch();
    const client = runClient();
    await client.next('attached');
    await client.start(server, never);
    launcher.kill('SIGSTOP');
    const abort = new AbortController();
    const kill = client.kill(abort.signal);
    abort.abort(new Error('enough'));
    await expect(kill).rejects.toThrow('enough');
    launcher.kill('SIGCONT');
  });

  it('does not stay with what does not speak like a launcher', async () => {
    const impostor = createServer((socket) => {
      socket.on('error', () => {});
      socket.write('hello\n');
    });
    impostor.listen(socketPath);
    cleanUps.push(() => impostor.close());
    const client = runClient();
    for (let connections = 0; connections < 3; connections += 1) {
      await once(impostor, 'connection');
    }
    expect(client.status()).toBeUndefined();
  });
});
