/** Giving a copy away: mariadb-backup, streamed. */
import { mkdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { createByteRate } from '../byte-rate.ts';
import type { CloneSourceOptions, CloneStream } from '../clone.ts';
import { EngineError } from '../engine-error.ts';
import { programEnd, type StartProgram } from '../programs.ts';
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
  // Read below, after the last byte; until then a failure must not count as unhandled.
  ended.catch(() => {});

  const idleTimeout = options.idleTimeoutMilliseconds ?? DEFAULT_IDLE_TIMEOUT_MILLISECONDS;
  const sourceTimeout = options.sourceTimeoutMilliseconds ?? DEFAULT_SOURCE_TIMEOUT_MILLISECONDS;
  const giveUpAfter = (milliseconds: number, why: string): Timer =>
    clock.setTimer(milliseconds, () => stop.abort(new EngineError('Timeout', why)));

  // A stream that nobody ever reads from would keep the program for ever.
  const unread = giveUpAfter(idleTimeout, READER_IDLE);

  async function* copy(): AsyncGenerator<Buffer> {
    unread.cancel();
    let bytes = 0;
    let silence = giveUpAfter(sourceTimeout, SOURCE_SILENT);
    try {
      for await (const chunk of running.stdout as AsyncIterable<Buffer>) {
        silence.cancel();
        bytes += chunk.length;
        await rate.pass(chunk.length, signal);
        const idle = giveUpAfter(idleTimeout, READER_IDLE);
        yield chunk;
        idle.cancel();
        options.onProgress?.({ step: 'transfer', bytes });
        silence = giveUpAfter(sourceTimeout, SOURCE_SILENT);
      }
      // The program's last byte is no proof that it succeeded; its exit code is.
      await ended;
    } finally {
      silence.cancel();
    }
  }

  const stream = Readable.from(copy(), { objectMode: false });
  stream.once('close', () => stop.abort(new EngineError('IncompleteClone', 'the reader has gone')));
  return { bytes: stream, estimatedBytes };
}

/** Bytes in the data directory without the logs, which are not copied. */
async function copiedBytes(layout: Layout): Promise<number> {
  const logs = await Promise.all(
    [BINARY_LOG_NAME, RELAY_LOG_NAME].map((name) => listLogFiles(layout.data, name)),
  );
  const logBytes = logs.flat().reduce((sum, { bytes }) => sum + bytes, 0);
  return Math.max(0, (await directoryBytes(layout.data)) - logBytes);
}
