/** The files of a binary or relay log: which there are, how big, and where their transactions end. */
import { open, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../engine-error.ts';
import { isMissing, namesIn } from './files.ts';
import { mergeGtidLists, toGtidList, type Gtid, type GtidList } from './gtid.ts';
import {
  EVENT_HEADER_BYTES,
  hasRelevantBody,
  LOG_MAGIC,
  readEventHeader,
  TransactionScanner,
  type EventHeader,
} from './log-events.ts';

/** One file of a log. */
export interface LogFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

/** The files of the log called `logName` in a folder, oldest first. One that goes meanwhile is left out. */
export async function listLogFiles(folder: string, logName: string): Promise<readonly LogFile[]> {
  const number = (name: string): number => Number(name.slice(logName.length + 1));
  const names = (await namesIn(folder))
    .filter((name) => name.startsWith(`${logName}.`) && /^\d+$/.test(name.slice(logName.length + 1)))
    .sort((left, right) => number(left) - number(right));
  const files: LogFile[] = [];
  for (const name of names) {
    const path = join(folder, name);
    try {
      files.push({ name, path, bytes: (await stat(path)).size });
    } catch (error) {
      if (!isMissing(error)) {
        throw error;
      }
    }
  }
  return files;
}

/**
 * The end of a log of changes: everything before its newest file and the complete transactions in it. Undefined
 * for a log without files.
 */
export async function readLogEnd(
  files: readonly LogFile[],
  signal: AbortSignal,
): Promise<GtidList | undefined> {
  const newest = files.at(-1);
  if (newest === undefined) {
    return undefined;
  }
  const scanner = new TransactionScanner();
  await scanFile(newest.path, scanner, signal);
  if (scanner.startsAfter !== undefined) {
    return mergeGtidLists(toGtidList(scanner.startsAfter), scanner.complete);
  }
  // A file the server made and died before it wrote the file's first list: nothing is in it.
  return readLogEnd(files.slice(0, -1), signal);
}

/** The newest complete transactions in all files of a relay log; empty for none. */
export async function readReceivedTransactions(
  files: readonly LogFile[],
  signal: AbortSignal,
): Promise<GtidList> {
  const scanner = new TransactionScanner();
  for (const file of files) {
    await scanFile(file.path, scanner, signal);
  }
  return scanner.complete;
}

/** What came before a file, the last of each server in each domain; undefined where the file does not say. */
export async function readLogStart(file: LogFile, signal: AbortSignal): Promise<readonly Gtid[] | undefined> {
  const scanner = new TransactionScanner();
  await scanFile(file.path, scanner, signal, { enough: () => scanner.startsAfter !== undefined });
  return scanner.startsAfter;
}

/** Bytes read at a time: most events are far smaller, so that one read yields many. */
const CHUNK_BYTES = 1 << 18;

/** What happens at every event of a scan. */
export interface ScanOptions {
  /** Called after the scanner took the event that lies at an offset. */
  readonly onEvent?: (at: number, header: EventHeader) => void;
  /** Whether to stop. */
  readonly enough?: () => boolean;
}

/**
 * Gives every complete event of a file to the scanner, until `enough`. Stops quietly at a torn end: a server that
 * was killed leaves one, and nobody was told that it is there.
 */
export async function scanFile(
  path: string,
  scanner: TransactionScanner,
  signal: AbortSignal,
  { onEvent = () => {}, enough = () => false }: ScanOptions = {},
): Promise<void> {
  const file = await open(path, 'r');
  try {
    const size = (await file.stat()).size;
    const window = new FileWindow(file);
    if (size < LOG_MAGIC.length) {
      return;
    }
    if (!(await window.read(0, LOG_MAGIC.length)).equals(LOG_MAGIC)) {
      throw new EngineError('UnreadableFiles', `${path} is no log of changes`);
    }
    let at = LOG_MAGIC.length;
    while (at + EVENT_HEADER_BYTES <= size && !enough()) {
      signal.throwIfAborted();
      const header = readEventHeader(await window.read(at, EVENT_HEADER_BYTES));
      if (header.length < EVENT_HEADER_BYTES || at + header.length > size) {
        return;
      }
      const bodyBytes = hasRelevantBody(header.type) ? header.length - EVENT_HEADER_BYTES : 0;
      scanner.take(header, await window.read(at + EVENT_HEADER_BYTES, bodyBytes));
      onEvent(at, header);
      at += header.length;
    }
  } finally {
    await file.close();
  }
}

/** Reads ranges of a file that mostly ascend, with one system call for many of them. */
class FileWindow {
  readonly #file: FileHandle;
  #start = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** The bytes of a range that lies within the file. The buffer is valid until the next call. */
  async read(offset: number, length: number): Promise<Buffer> {
    if (offset < this.#start || offset + length > this.#start + this.#bytes.length) {
      const chunk = Buffer.alloc(Math.max(CHUNK_BYTES, length));
      const { bytesRead } = await this.#file.read(chunk, 0, chunk.length, offset);
      this.#bytes = chunk.subarray(0, bytesRead);
      this.#start = offset;
    }
    const from = offset - this.#start;
    return this.#bytes.subarray(from, from + length);
  }
}
