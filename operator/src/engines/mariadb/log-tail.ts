/**
 * The end of a former primary's binary log: transactions it wrote itself and the present primary does not have. Its
 * clients were told nothing of them, or by a promotion that accepted loss they were.
 */
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { EngineError } from '../engine-error.ts';
import type { LogTail } from '../member-files.ts';
import type { Lineage } from '../position.ts';
import { isOutOfSpace, moveDurably } from './files.ts';
import { addGtid, mergeGtidLists, toGtidList, toPosition, type Gtid, type GtidList } from './gtid.ts';
import { newestOf } from './lineage.ts';
import { LOG_MAGIC, TransactionScanner } from './log-events.ts';
import { readLogStart, scanFile, type LogFile } from './log-files.ts';

/** The part of a tail that lies in one file, in bytes. */
interface TailPart {
  readonly path: string;
  /** End of the event that says how the file's others are to be read. */
  readonly headEnd: number;
  readonly from: number;
  readonly to: number;
}

/** A tail, and where its bytes are. */
export interface FoundTail extends LogTail {
  readonly parts: readonly TailPart[];
  /** The newest transaction in it, of each domain. */
  readonly last: GtidList;
}

/**
 * Finds the transactions of `server` at the end of its own log that a member of the given lineage does not have, and
 * whatever follows them. Where the lineage does not name the server, nobody can tell which those are: then they are
 * all of the newest file's, and not certain. Null for none.
 */
export async function findTail(
  files: readonly LogFile[],
  server: number,
  lineage: Lineage,
  signal: AbortSignal,
): Promise<FoundTail | null> {
  const isLacked = (gtid: Gtid): boolean =>
    gtid.server === server && (newestOf(lineage, gtid) ?? -1n) < gtid.sequence;
  const isCertain = (gtid: Gtid): boolean => newestOf(lineage, gtid) !== undefined;

  let first = files.length - 1;
  for (; first > 0; first -= 1) {
    const file = files[first];
    const start = file === undefined ? undefined : await readLogStart(file, signal);
    if (start !== undefined && !start.some((gtid) => isLacked(gtid) && isCertain(gtid))) {
      break;
    }
  }

  const parts: TailPart[] = [];
  let end: GtidList = new Map();
  const last = new Map<number, Gtid>();
  let changes = 0;
  let certain = true;
  for (const file of files.slice(Math.max(0, first))) {
    const scanner = new TransactionScanner();
    let headEnd: number | undefined;
    let groupAt = 0;
    let from: number | undefined;
    let to = 0;
    await scanFile(file.path, scanner, signal, {
      onEvent(at, header) {
        headEnd ??= at + header.length;
        if (scanner.begun !== undefined) {
          groupAt = at;
        }
        const gtid = scanner.ended;
        if (gtid === undefined || (changes === 0 && !isLacked(gtid))) {
          return;
        }
        from ??= groupAt;
        to = at + header.length;
        certain &&= changes > 0 || isCertain(gtid);
        changes += 1;
        addGtid(last, gtid);
      },
    });
    end = mergeGtidLists(end, mergeGtidLists(toGtidList(scanner.startsAfter ?? []), scanner.complete));
    if (headEnd !== undefined && from !== undefined) {
      parts.push({ path: file.path, headEnd, from, to });
    }
  }
  if (changes === 0) {
    return null;
  }
  const bytes = parts.reduce((sum, { headEnd, from, to }) => sum + headEnd - LOG_MAGIC.length + to - from, 0);
  return { end: toPosition(end), changes, bytes: LOG_MAGIC.length + bytes, certain, parts, last };
}

/**
 * Writes a tail to a file that `mariadb-binlog` reads: it is there completely or not at all. EngineError `NoSpace`
 * where the volume cannot take it.
 */
export async function writeTail({ parts }: FoundTail, path: string, signal: AbortSignal): Promise<void> {
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.write(LOG_MAGIC);
    for (const { path: source, headEnd, from, to } of parts) {
      for (const range of [
        { start: LOG_MAGIC.length, end: headEnd - 1 },
        { start: from, end: to - 1 },
      ]) {
        await pipeline(
          createReadStream(source, range),
          async (chunks: AsyncIterable<Buffer>) => {
            for await (const chunk of chunks) {
              await file.appendFile(chunk);
            }
          },
          { signal },
        );
      }
    }
    await file.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    if (isOutOfSpace(error)) {
      throw new EngineError('NoSpace', 'the volume has no room for changes that are to be kept', {
        cause: error,
      });
    }
    throw error;
  } finally {
    await file.close();
  }
  await moveDurably(temporary, path);
}
