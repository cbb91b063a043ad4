import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import type { CloneSourceOptions } from '../clone.ts';
import { startProgram, type RunningProgram } from '../programs.ts';
import { openCloneStream } from './clone-source.ts';
import { layoutOf } from './layout.ts';

let folder: string;
let clock: FakeClock;
let running: RunningProgram;
let abort: AbortController;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shardwright-clone-source-'));
  clock = new FakeClock();
  abort = new AbortController();
});
afterEach(async () => {
  running.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** Opens a copy whose program is this script. */
async function open(script: string, options: CloneSourceOptions = {}): Promise<Readable> {
  const layout = layoutOf({
    volumePath: join(folder, 'volume'),
    memoryPath: join(folder, 'memory'),
  });
  await mkdir(layout.data, { recursive: true });
  const start = (): RunningProgram => {
    running = startProgram({ program: process.execPath, arguments: ['-e', script] });
    return running;
  };
  return (await openCloneStream(layout, start, clock, options, abort.signal)).bytes;
}

async function read(bytes: Readable): Promise<number> {
  let count = 0;
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    count += chunk.length;
  }
  return count;
}

async function untilEnded(): Promise<void> {
  while (running.exitCode === null && running.signalCode === null) {
    await delay(1);
  }
}

/** Writes so many mebibytes, waiting for each to be taken, and then runs `after`. */
const writing = (mebibytes: number, after = ''): string => `
  const piece = Buffer.alloc(1 << 20, 1);
  let left = ${mebibytes};
  const next = () => (left-- > 0 ? process.stdout.write(piece, next) : (() => { ${after} })());
  next();`;
const FOREVER = 'setInterval(() => {}, 1000);';

describe('openCloneStream', () => {
  it('passes everything on, and ends once the program has succeeded', async () => {
    const progress: number[] = [];
    const bytes = await open(writing(20), { onProgress: (step) => progress.push(step.bytes) });
    expect(await read(bytes)).toBe(20 << 20);
    expect(progress.at(-1)).toBe(20 << 20);
    expect(running.exitCode).toBe(0);
  });

  it('fails when the program does, after its last byte', async () => {
    const failing = read(await open(writing(3, 'console.error("no space left"); process.exitCode = 1;')));
    await expect(failing).rejects.toMatchObject({
      code: 'ProgramFailed',
      message: expect.stringContaining('exit code 1: no space left'),
    });
  });

  it('gives up a reader that takes nothing, at the beginning or later', async () => {
    const unread = await open(writing(20), { idleTimeoutMilliseconds: 500 });
    await clock.advance(500);
    await expect(read(unread)).rejects.toMatchObject({ code: 'Timeout' });
    await untilEnded();
    expect(running.signalCode).toBe('SIGKILL');

    const later = await open(writing(20), { idleTimeoutMilliseconds: 500 });
    await new Promise((resolve) => later.once('readable', resolve));
    while (later.readableLength < later.readableHighWaterMark) {
      await delay(1);
    }
    await clock.advance(500);
    expect(later.errored).toMatchObject({ code: 'Timeout', message: expect.stringContaining('reader') });
    await untilEnded();
  });

  it('gives up a source that goes silent', async () => {
    const bytes = await open(writing(1, FOREVER), { sourceTimeoutMilliseconds: 500 });
    const reading = read(bytes);
    reading.catch(() => {});
    while (!bytes.errored) {
      await clock.advance(100);
      await delay(10);
    }
    await expect(reading).rejects.toMatchObject({
      code: 'Timeout',
      message: expect.stringContaining('does not go on'),
    });
    await untilEnded();
  });

  it('holds back to the rate, and lets go once the source is locked', async () => {
    const locked = `
      process.stderr.write('BACKUP STAGE BLOCK_COMMIT\\n');
      setTimeout(() => process.stdout.write(Buffer.alloc(100 << 20)), 200);`;
    // The clock runs faster than the program, whose start takes what it takes.
    const bytes = await open(writing(2, locked), {
      bytesPerSecond: 1 << 20,
      sourceTimeoutMilliseconds: 1e9,
    });
    const reading = read(bytes);
    let elapsed = 0;
    for (; !bytes.readableEnded; elapsed += 10) {
      await clock.advance(10);
      await delay(5);
    }
    expect(await reading).toBe(102 << 20);
    // Two mebibytes at one a second; the others as fast as they come.
    expect(elapsed).toBeGreaterThan(1000);
    expect(elapsed).toBeLessThan(60_000);
  });

  it('ends the program when its reader goes away, and when it is aborted', async () => {
    const gone = await open(writing(100));
    gone.destroy();
    await untilEnded();
    expect(running.signalCode).toBe('SIGKILL');

    const cut = await open(writing(100));
    abort.abort(new Error('no longer wanted'));
    await expect(read(cut)).rejects.toThrow('no longer wanted');
    await untilEnded();
    expect(running.signalCode).toBe('SIGKILL');
  });
});
