/** Giving a copy away: mariadb-backup, streamed. */
import { mkdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { abortReason } from '../../runtime/abort.ts';
import type { Clock } from '../../runtime/clock.ts';
import { createByteRate, type ByteRate } from '../byte-rate.ts';
import type { CloneSourceOptions, CloneStream } from '../clone.ts';
import { EngineError } from '../engine-error.ts';
import { createPatience } from '../patience.ts';
import { programEnd, type RunningProgram, type StartProgram } from '../programs.ts';
import { directoryBytes } from './files.ts';
import { BINARY_LOG_NAME, RELAY_LOG_NAME, type Layout } from './layout.ts';
import { listLogFiles } from './log-files.ts';

/** See CloneSourceOptions.idleTimeoutMilliseconds. */
const DEFAULT_IDLE_TIMEOUT_MILLISECONDS = 10_000;
/** See CloneSourceOptions.sourceTimeoutMilliseconds. */
const DEFAULT_SOURCE_TIMEOUT_MILLISECONDS = 30_000;

/**
 * From this message on, the copy holds locks that stop definitions, and then commits, on the source until it has
 * been read to its end. MariaDB 10.11 and 11.8 word it alike.
 */
const LOCKS_TAKEN = /BACKUP STAGE (FLUSH|BLOCK_DDL|BLOCK_COMMIT)/;

const READER_IDLE = 'the reader of the copy takes nothing';
const SOURCE_SILENT = 'the copy does not go on: commits of the source may be waiting for a replica';

/** Four reads of a pipe: enough that neither side waits for the other at every one. */
const READ_AHEAD_BYTES = 256 * 1024;

/** See CloneSource.open. */
export async function openCloneStream(
  layout: Layout,
  start: StartProgram,
  clock: Clock,
  options: CloneSourceOptions,
  signal: AbortSignal,
): Promise<CloneStream> {
  const estimatedBytes = await copiedBytes(layout);
  await mkdir(layout.backupScratch, { recursive: true, mode: 0o700 });
  const call = {
    program: 'mariadb-backup',
    arguments: [
      `--defaults-file=${layout.clientConfiguration}`,
      '--backup',
      '--stream=mbstream',
      `--datadir=${layout.data}`,
      `--target-dir=${layout.backupScratch}`,
      `--tmpdir=${layout.backupScratch}`,
    ],
  };
  const rate = createByteRate(options.bytesPerSecond, clock);
  const stop = new AbortController();
  const running = start(call);
  running.stdin.end();
  const ended = programEnd(call, running, AbortSignal.any([signal, stop.signal]), (line) => {
    if (LOCKS_TAKEN.test(line)) {
      rate.lift();
    }
  });
  // Looked at after the last byte; until then a failure must not count as unhandled.
  ended.catch(() => {});
  return { bytes: guardedBytes(running, ended, { clock, rate, options, stop, signal }), estimatedBytes };
}

/** The program's output, for as long as it comes and somebody takes it; ends after the program has succeeded. */
function guardedBytes(
  running: RunningProgram,
  ended: Promise<void>,
  parts: {
    readonly clock: Clock;
    readonly rate: ByteRate;
    readonly options: CloneSourceOptions;
    /** Ends the program. */
    readonly stop: AbortController;
    readonly signal: AbortSignal;
  },
): Readable {
  const { clock, rate, options, stop, signal } = parts;
  const { stdout } = running;
  const fail = (error: unknown): void => {
    bytes.destroy(error instanceof Error ? error : new Error(String(error)));
  };
  const giveUp = (why: string) => (): void => fail(new EngineError('Timeout', why));
  const idleTimeout = options.idleTimeoutMilliseconds ?? DEFAULT_IDLE_TIMEOUT_MILLISECONDS;
  const sourceTimeout = options.sourceTimeoutMilliseconds ?? DEFAULT_SOURCE_TIMEOUT_MILLISECONDS;
  const reader = createPatience(clock, idleTimeout, giveUp(READER_IDLE));
  const source = createPatience(clock, sourceTimeout, giveUp(SOURCE_SILENT));
  const onAbort = (): void => fail(abortReason(signal));
  let passed = 0;
  let isHeldUp = false;
  const bytes = new Readable({
    highWaterMark: READ_AHEAD_BYTES,
    read() {
      reader.end();
      if (!isHeldUp) {
        source.begin();
        stdout.resume();
      }
    },
    destroy(error, done) {
      reader.end();
      source.end();
      signal.removeEventListener('abort', onAbort);
      stop.abort(new EngineError('IncompleteClone', 'the reader has gone'));
      // A program is seen to end only when its output has been read.
      stdout.resume();
      done(error);
    },
  });
  const pass = (chunk: Buffer): void => {
    passed += chunk.length;
    if (bytes.push(chunk)) {
      source.begin();
    } else {
      stdout.pause();
      reader.begin();
    }
    options.onProgress?.({ step: 'transfer', bytes: passed });
  };
  const passThrottled = async (chunk: Buffer): Promise<void> => {
    isHeldUp = true;
    stdout.pause();
    await rate.pass(chunk.length, signal);
    isHeldUp = false;
    stdout.resume();
    if (!bytes.destroyed) {
      pass(chunk);
    }
  };
  stdout.on('data', (chunk: Buffer) => {
    source.end();
    if (bytes.destroyed) {
      return;
    }
    if (options.bytesPerSecond === undefined) {
      pass(chunk);
    } else {
      passThrottled(chunk).catch(fail);
    }
  });
  stdout.once('end', () => {
    source.end();
    // The program's last byte is no proof that it succeeded; its exit code is.
    ended.then(() => bytes.push(null), fail);
  });
  ended.catch(fail);
  // Whoever is to read it may still be busy when it fails, and sees that once it looks.
  bytes.on('error', () => {});
  stdout.pause();
  signal.addEventListener('abort', onAbort, { once: true });
  // A stream that nobody ever reads from would keep the program for ever.
  reader.begin();
  return bytes;
}

/** Bytes in the data directory without the logs, which are not copied. */
async function copiedBytes(layout: Layout): Promise<number> {
  const logs = await Promise.all(
    [BINARY_LOG_NAME, RELAY_LOG_NAME].map((name) => listLogFiles(layout.data, name)),
  );
  const logBytes = logs.flat().reduce((sum, { bytes }) => sum + bytes, 0);
  return Math.max(0, (await directoryBytes(layout.data)) - logBytes);
}
