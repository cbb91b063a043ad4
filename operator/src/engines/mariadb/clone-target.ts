/** Becoming a copy: mbstream, then mariadb-backup's preparation, then one rename. */
import { Writable, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CloneProgress } from '../clone.ts';
import type { Position } from '../position.ts';
import { releaseMemory } from '../../runtime/release-memory.ts';
import { programEnd, runProgram, type StartProgram } from '../programs.ts';
import { readCopyPosition } from './backup-info.ts';
import { beginStep, readServerVersion } from './data-directory.ts';
import { moveDurably } from './files.ts';
import type { Layout } from './layout.ts';
import { writeClonePosition, writeOrigin } from './origin.ts';

/** Enough that the source is read on while the program works off the piece before. */
const READ_AHEAD_BYTES = 1024 * 1024;

/** See CloneTarget.receive. */
export async function receiveClone(
  layout: Layout,
  volumePath: string,
  start: StartProgram,
  source: Readable,
  onProgress: (progress: CloneProgress) => void,
  signal: AbortSignal,
): Promise<Position> {
  const folder = await beginStep(layout, volumePath, 'clone');
  const bytes = await unpack(folder, start, source, onProgress, signal);
  // mbstream succeeds on any whole number of chunks; only the copy's description proves that it is all there.
  const position = await readCopyPosition(folder);

  onProgress({ step: 'prepare', bytes });
  await runProgram(
    start,
    { program: 'mariadb-backup', arguments: ['--no-defaults', '--prepare', `--target-dir=${folder}`] },
    signal,
  );

  onProgress({ step: 'finish', bytes });
  const engineVersion = await readServerVersion(start, signal);
  await writeClonePosition(layout, folder, position);
  await writeOrigin(layout, folder, { engine: 'MariaDB', origin: 'clone', engineVersion });
  signal.throwIfAborted();
  await moveDurably(folder, layout.data);
  return position;
}

async function unpack(
  folder: string,
  start: StartProgram,
  source: Readable,
  onProgress: (progress: CloneProgress) => void,
  signal: AbortSignal,
): Promise<number> {
  const call = { program: 'mbstream', arguments: ['-x', '-C', folder] };
  const running = start(call);
  const stop = new AbortController();
  const ended = programEnd(call, running, AbortSignal.any([signal, stop.signal]));
  running.stdout.resume();
  let bytes = 0;
  const input = createInput(running.stdin, (count) => {
    bytes += count;
    onProgress({ step: 'transfer', bytes });
  });
  const [fed, unpacked] = await Promise.allSettled([
    pipeline(source, input, { signal }).catch((error: unknown) => {
      // A source that failed must not look to mbstream like a source that ended.
      stop.abort(error);
      throw error;
    }),
    ended,
  ]);
  signal.throwIfAborted();
  // The source's own error says more than that of the program it starved, unless the program went first.
  if (unpacked.status === 'rejected' && !stop.signal.aborted) {
    throw unpacked.reason;
  }
  if (fed.status === 'rejected') {
    throw fed.reason;
  }
  return bytes;
}

/** A program's standard input, to which one piece is written at a time; what it has taken is given back. */
function createInput(stdin: Writable, onTaken: (bytes: number) => void): Writable {
  const input = new Writable({
    highWaterMark: READ_AHEAD_BYTES,
    write(chunk: Buffer<ArrayBuffer>, _encoding, done) {
      const { length } = chunk;
      stdin.write(chunk, (error) => {
        releaseMemory(chunk);
        onTaken(length);
        done(error);
      });
    },
    final(done) {
      stdin.end(done);
    },
    destroy(error, done) {
      stdin.destroy();
      done(error);
    },
  });
  stdin.on('error', (error) => input.destroy(error));
  return input;
}
