/** The launcher as the process it is: a real program on a real socket, with real servers killed for real. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createLineSplitter } from './line-splitter.ts';
import type { LauncherMessage, LauncherStatus } from './protocol.ts';

type Message<Type extends LauncherMessage['type']> = Extract<LauncherMessage, { type: Type }>;

const MAIN = join(import.meta.dirname, 'main.ts');
const FOREVER = 'setInterval(() => {}, 1000)';

const cleanUps: (() => void)[] = [];
afterEach(() => cleanUps.splice(0).forEach((cleanUp) => cleanUp()));

function fail(message: string): never {
  throw new Error(message);
}

/** A client that keeps every message and can wait for one. */
class Client {
  readonly socket: Socket;
  readonly #messages: LauncherMessage[] = [];
  readonly #lines = createLineSplitter(1 << 20);
  readonly closed: Promise<unknown>;
  #nextId = 0;

  constructor(socketPath: string) {
    this.socket = connect(socketPath);
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.socket.on('close', resolve));
    this.socket.on('data', (chunk) => {
      this.#messages.push(
        ...this.#lines.push(chunk as Buffer).map((text) => JSON.parse(text) as LauncherMessage),
      );
      this.socket.emit('messages');
    });
    cleanUps.push(() => this.socket.destroy());
  }

  async next<Type extends LauncherMessage['type']>(...types: Type[]): Promise<Message<Type>> {
    for (;;) {
      const index = this.#messages.findIndex(({ type }) => (types as string[]).includes(type));
      if (index >= 0) {
        return this.#messages.splice(index, 1)[0] as Message<Type>;
      }
      await once(this.socket, 'messages');
    }
  }

  async ask(type: string, fields: object = {}): Promise<Message<'done' | 'refused'>> {
    this.#nextId += 1;
    this.socket.write(`${JSON.stringify({ type, id: this.#nextId, ...fields })}\n`);
    const answer = await this.next('done', 'refused');
    return answer.id === this.#nextId ? answer : fail('an answer to another request');
  }

  async status(type: string, fields: object = {}): Promise<LauncherStatus> {
    const answer = await this.ask(type, fields);
    return answer.type === 'done' ? answer.status : fail(`${answer.code}: ${answer.message}`);
  }

  attach(): Promise<LauncherStatus> {
    return this.status('attach', { version: 1 });
  }
}

interface RunningLauncher {
  readonly process: ChildProcess;
  readonly socketPath: string;
  readonly exited: Promise<unknown[]>;
  output(): string;
  attached(): Promise<Client>;
}

async function launch(directory: string, graceSeconds = 30): Promise<RunningLauncher> {
  const socketPath = join(directory, 'launcher.sock');
  const launcher = spawn(
    process.execPath,
    [MAIN, '--socket', socketPath, '--grace-seconds', String(graceSeconds)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  cleanUps.unshift(() => launcher.kill('SIGKILL'));
  let output = '';
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
    launcher.emit('output');
  };
  launcher.stdout.on('data', collect);
  launcher.stderr.on('data', collect);
  const exited = once(launcher, 'close');
  while (!output.includes('launcher is ready')) {
    await Promise.race([once(launcher, 'output'), exited.then(() => fail(output))]);
  }
  return {
    process: launcher,
    socketPath,
    exited,
    output: () => output,
    async attached() {
      const client = new Client(socketPath);
      await client.attach();
      return client;
    },
  };
}

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'launcher-'));
  cleanUps.push(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** A start request for a script of Node.js, which stands in for the server. */
function script(source: string, epoch = 1, environment: Record<string, string> = {}) {
  return { program: process.execPath, arguments: ['-e', source], environment, epoch, role: 'primary' };
}

async function startServer(client: Client, source = FOREVER, epoch = 1): Promise<number> {
  const { server } = await client.status('start', script(source, epoch));
  const pid = server?.pid ?? fail('no server');
  cleanUps.unshift(() => {
    if (isAlive(pid)) {
      process.kill(pid, 'SIGKILL');
    }
  });
  return pid;
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

describe('launcher process', () => {
  it('starts nothing by itself, and its socket is for its own user only', async () => {
    const launcher = await launch(temporaryDirectory());
    expect(statSync(launcher.socketPath).mode & 0o777).toBe(0o600);
    const client = new Client(launcher.socketPath);
    expect(await client.attach()).toEqual({
      launcherPid: launcher.process.pid,
      launcherStartedAt: expect.any(Number),
      server: null,
      lastExit: null,
      terminating: false,
    });
  });

  it('starts a server on request with the environment asked for and no other, and passes its output on', async () => {
    const launcher = await launch(temporaryDirectory());
    const client = await launcher.attached();
    const source =
      'console.log(Object.keys(process.env).join()); console.error(process.env.GIVEN); process.exit(3)';
    const status = await client.status('start', script(source, 4, { GIVEN: 'value' }));
    expect(status.server).toMatchObject({ epoch: 4, role: 'primary', pid: expect.any(Number) });
    const { exit } = await client.next('exited');
    expect(exit).toEqual({ pid: status.server?.pid, code: 3, signal: null, at: expect.any(Number) });
    expect(await client.status('status')).toMatchObject({ server: null, lastExit: exit });
    launcher.process.kill('SIGTERM');
    await launcher.exited;
    expect(launcher.output()).toContain('GIVEN,SHARDWRIGHT_LAUNCHER\n');
    expect(launcher.output()).toContain('value\n');
  });

  it('loses nothing of what a server wrote before it was killed', async () => {
    const launcher = await launch(temporaryDirectory());
    const client = await launcher.attached();
    const source = `require('fs').writeSync(1, 'x'.repeat(60000) + 'END\\n'); ${FOREVER}`;
    await startServer(client, source);
    while (!launcher.output().includes('END')) {
      await once(launcher.process, 'output');
    }
    expect(launcher.output()).toContain(`${'x'.repeat(60000)}END\n`);
  });

  it('reports a SIGKILL with signal and time, leaves no zombie, and stays without restarting', async () => {
    const launcher = await launch(temporaryDirectory());
    const client = await launcher.attached();
    const before = Date.now();
    const pid = await startServer(client);
    process.kill(pid, 'SIGKILL');
    const { exit } = await client.next('exited');
    expect(exit).toMatchObject({ pid, code: null, signal: 'SIGKILL' });
    expect(exit.at).toBeGreaterThanOrEqual(before);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(await client.status('status')).toMatchObject({ server: null, lastExit: exit });
    expect(await startServer(client)).not.toBe(pid);
  });

  it('has another role of its server on record once it is told, for every agent that comes', async () => {
    const launcher = await launch(temporaryDirectory());
    const client = await launcher.attached();
    expect(await client.ask('assign', { pid: 1, epoch: 2, role: 'replica' })).toMatchObject({
      code: 'NotRunning',
    });
    const pid = await startServer(client, FOREVER, 2);
    const refused = { type: 'refused' };
    expect(await client.ask('assign', { pid: pid + 1, epoch: 3, role: 'replica' })).toMatchObject(refused);
    expect(await client.ask('assign', { pid, epoch: 1, role: 'replica' })).toMatchObject({
      code: 'StaleEpoch',
    });
    expect(await client.status('assign', { pid, epoch: 3, role: 'replica' })).toMatchObject({
      server: { pid, epoch: 3, role: 'replica' },
    });
    const next = new Client(launcher.socketPath);
    expect(await next.attach()).toMatchObject({ server: { pid, epoch: 3, role: 'replica' } });
    await next.status('kill');
    await next.next('exited');
    expect(await next.ask('start', script(FOREVER, 2))).toMatchObject({ code: 'StaleEpoch' });
  });

  it('kills the server and its whole process group when asked', async () => {
    const launcher = await launch(temporaryDirectory());
    const client = await launcher.attached();
    const directory = temporaryDirectory();
    const file = join(directory, 'child.pid');
    await startServer(
      client,
      `const child = require('child_process').spawn(process.execPath, ['-e', '${FOREVER}']);
       require('fs').writeFileSync('${file}.new', String(child.pid));
       require('fs').renameSync('${file}.new', '${file}'); console.log('forked'); ${FOREVER}`,
    );
    while (!launcher.output().includes('forked')) {
      await once(launcher.process, 'output');
    }
    const child = Number(readFileSync(file, 'utf8'));
    await client.status('kill');
    expect((await client.next('exited')).exit.signal).toBe('SIGKILL');
    // A process has to run once more to die.
    while (isAlive(child)) {
      await delay(5);
    }
    expect(await client.status('kill')).toMatchObject({ server: null });
  });

  it('refuses a second start, an older epoch, and a program that is not there, each with its code', async () => {
    const launcher = await launch(temporaryDirectory());
    const client = await launcher.attached();
    const pid = await startServer(client, FOREVER, 5);
    expect(await client.ask('start', script(FOREVER, 6))).toMatchObject({
      type: 'refused',
      code: 'AlreadyRunning',
    });
    await client.status('kill');
    await client.next('exited');
    expect(await client.ask('start', script(FOREVER, 4))).toMatchObject({
      type: 'refused',
      code: 'StaleEpoch',
    });
    const missing = { ...script(FOREVER, 9), program: '/nowhere/mariadbd' };
    expect(await client.ask('start', missing)).toMatchObject({
      code: 'SpawnFailed',
      message: expect.stringContaining('ENOENT'),
    });
    expect(await client.status('status')).toMatchObject({ server: null, lastExit: { pid } });
    await startServer(client, FOREVER, 5);
  });

  it('answers garbage with a refusal, cuts off endless lines, and lets neither take over', async () => {
    const launcher = await launch(temporaryDirectory());
    const client = await launcher.attached();
    await startServer(client);

    const garbage = new Client(launcher.socketPath);
    garbage.socket.write('\u0000\u0001 not a request\n');
    expect(await garbage.next('refused')).toMatchObject({ id: null, code: 'InvalidRequest' });
    expect(await garbage.ask('kill')).toMatchObject({ code: 'NotAttached' });
    expect(await garbage.ask('attach', { version: 99 })).toMatchObject({ code: 'UnsupportedVersion' });

    const endless = new Client(launcher.socketPath);
    endless.socket.write('x'.repeat(300 * 1024));
    await endless.closed;

    expect((await client.status('status')).server).not.toBeNull();
  });

  it('lets a restarted agent take over a server that runs, and its predecessor go', async () => {
    const launcher = await launch(temporaryDirectory());
    const first = await launcher.attached();
    const pid = await startServer(first);
    const second = new Client(launcher.socketPath);
    expect(await second.attach()).toMatchObject({ server: { pid } });
    await first.next('superseded');
    await first.closed;
    process.kill(pid, 'SIGKILL');
    expect((await second.next('exited')).exit.pid).toBe(pid);
  });

  it('keeps the server when the agent is killed, and tells the next one what happened meanwhile', async () => {
    const launcher = await launch(temporaryDirectory());
    const agent = spawn(
      process.execPath,
      [
        '-e',
        `const s = require('net').connect(process.argv[1]); s.write(process.argv[2]); s.pipe(process.stdout)`,
      ].concat(
        launcher.socketPath,
        `{"type":"attach","id":1,"version":1}\n${JSON.stringify({ type: 'start', id: 2, ...script(FOREVER) })}\n`,
      ),
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const lines = createLineSplitter(1 << 20);
    const answers: LauncherMessage[] = [];
    while (answers.length < 2) {
      const [chunk] = (await once(agent.stdout, 'data')) as [Buffer];
      answers.push(...lines.push(chunk).map((text) => JSON.parse(text) as LauncherMessage));
    }
    const pid = (answers[1] as Message<'done'>).status.server?.pid ?? fail('no server');
    cleanUps.unshift(() => isAlive(pid) && process.kill(pid, 'SIGKILL'));
    agent.kill('SIGKILL');
    await once(agent, 'close');
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
    while (!launcher.output().includes('server ended')) {
      await once(launcher.process, 'output');
    }
    const next = new Client(launcher.socketPath);
    expect(await next.attach()).toMatchObject({ server: null, lastExit: { pid, signal: 'SIGKILL' } });
  });

  it('waits for the agent at SIGTERM, starts nothing meanwhile, kills on release and ends well', async () => {
    const directory = temporaryDirectory();
    const marker = join(directory, 'terminated');
    const launcher = await launch(directory);
    const client = await launcher.attached();
    await startServer(
      client,
      `process.on('SIGTERM', () => require('fs').writeFileSync('${marker}', '')); ${FOREVER}`,
    );
    launcher.process.kill('SIGTERM');
    expect(await client.next('terminating')).toMatchObject({ graceMilliseconds: 30_000 });
    expect(await client.ask('start', script(FOREVER))).toMatchObject({ code: 'Terminating' });
    expect(await client.status('status')).toMatchObject({ terminating: true, server: expect.anything() });
    launcher.process.kill('SIGTERM');
    const returning = new Client(launcher.socketPath);
    expect(await returning.attach()).toMatchObject({ terminating: true });
    await returning.status('released');
    expect((await returning.next('exited')).exit.signal).toBe('SIGKILL');
    expect(await launcher.exited).toEqual([0, null]);
    expect(existsSync(marker)).toBe(false);
    expect(existsSync(launcher.socketPath)).toBe(false);
  });

  it('kills the server by itself when nobody answers within the grace period', async () => {
    const launcher = await launch(temporaryDirectory(), 0.05);
    const client = await launcher.attached();
    const pid = await startServer(client);
    client.socket.destroy();
    launcher.process.kill('SIGTERM');
    expect(await launcher.exited).toEqual([0, null]);
    expect(isAlive(pid)).toBe(false);
  });

  it('ends at once at SIGTERM when no server runs, even with a connection that never closes', async () => {
    const launcher = await launch(temporaryDirectory());
    const idle = connect({ path: launcher.socketPath, allowHalfOpen: true });
    cleanUps.push(() => idle.destroy());
    await once(idle, 'connect');
    launcher.process.kill('SIGTERM');
    expect(await launcher.exited).toEqual([0, null]);
  });

  it('does not start, and says so, with a command line it cannot use', async () => {
    const launcher = spawn(process.execPath, [MAIN, '--grace-seconds', 'soon'], { stdio: 'ignore' });
    expect(await once(launcher, 'close')).toEqual([2, null]);
  });

  it('kills the server of a launcher that was itself killed before it answers anybody', async () => {
    const directory = temporaryDirectory();
    const first = await launch(directory);
    const orphan = await startServer(await first.attached());
    const other = await launch(temporaryDirectory());
    const bystander = await startServer(await other.attached());
    const killed = once(first.process, 'exit');
    first.process.kill('SIGKILL');
    await killed;
    expect(isAlive(orphan)).toBe(true);
    const second = await launch(directory);
    expect(isAlive(orphan)).toBe(false);
    expect(second.output()).toContain('left behind');
    expect(await new Client(second.socketPath).attach()).toMatchObject({ server: null, lastExit: null });
    expect(isAlive(bystander)).toBe(true);
  });

  it('does not start, and says so, where it cannot make its socket', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'file');
    writeFileSync(path, '');
    const launcher = spawn(process.execPath, [MAIN, '--socket', join(path, 'x'), '--grace-seconds', '1'], {
      stdio: 'ignore',
    });
    expect(await once(launcher, 'close')).toEqual([2, null]);
  });
});
