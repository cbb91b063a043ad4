/** Giving a copy away: mariadb-backup, streamed. */
import { mkdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Clock } from '../../runtime/clock.ts';
import { createByteRate } from '../byte-rate.ts';
import type { CloneSourceOptions, CloneStream } from '../clone.ts';
import { EngineError } from '../engine-error.ts';
import { programEnd, type StartProgram } from '../programs.ts';
import { directoryBytes } from './files.ts';
import type { Layout } from './layout.ts';

/** See CloneSourceOptions.idleTimeoutMilliseconds. */
const DEFAULT_IDLE_TIMEOUT_MILLISECONDS = 10_000;

/**
 * From this message on, the copy holds locks that stop definitions, and then commits, on the source until it has
 * been read to its end. MariaDB 10.11 and 11.8 word it alike.
 */
const LOCKS_TAKEN = /BACKUP STAGE (FLUSH|BLOCK_DDL|BLOCK_COMMIT)/;

/** See CloneSource.open. */
export async function openCloneStream(
  layout: Layout,
  start: StartProgram,
  clock: Clock,
  options: CloneSourceOptions,
  signal: AbortSignal,
): Promise<CloneStream> {
  const estimatedBytes = await directoryBytes(layout.data);
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

  async function* copy(): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const chunk of running.stdout as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      await rate.pass(chunk.length, signal);
      const idle = clock.setTimer(options.idleTimeoutMilliseconds ?? DEFAULT_IDLE_TIMEOUT_MILLISECONDS, () =>
        stop.abort(new EngineError('Timeout', 'the reader of the copy takes nothing')),
      );
      yield chunk;
      idle.cancel();
      options.onProgress?.({ step: 'transfer', bytes });
    }
    // The program's last byte is no proof that it succeeded; its exit code is.
    await ended;
  }

  const stream = Readable.from(copy(), { objectMode: false });
  stream.once('close', () => stop.abort(new EngineError('IncompleteClone', 'the reader has gone')));
  return { bytes: stream, estimatedBytes };
}
