/**
 * The end of a log: transactions that another member does not have. On a former primary those that it wrote itself and
 * nobody acknowledged; after a promotion that accepted loss, whatever the present primary lacks.
 */
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { EngineError } from '../engine-error.ts';
import type { LogTail } from '../member-files.ts';
import type { Lineage } from '../position.ts';
import { isOutOfSpace, moveDurably } from './files.ts';
import { addGtid, mergeGtidLists, toGtidList, toPosition, type Gtid, type GtidList } from './gtid.ts';
import { newestByWriter } from './lineage.ts';
import { LOG_MAGIC, TransactionScanner } from './log-events.ts';
import { OWN_SCHEMA } from './own-schema.ts';
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

/** Which transactions count as lacking on the other side. */
export interface TailSearch {
  readonly isLacked: (gtid: Gtid) => boolean;
  /** Whether that is known for certain. */
  readonly isCertain: (gtid: Gtid) => boolean;
}

/**
 * What of a log a member of the given lineage does not have. Of `server`, the member whose log it is, everything
 * later than the lineage names; all there is, though not for certain, where the lineage does not name it. Of others,
 * only what the lineage tells for certain, and only with `ofOthers`.
 */
export function lackingOn(lineage: Lineage, server: number, ofOthers: boolean): TailSearch {
  const newest = newestByWriter(lineage);
  const isCertain = (gtid: Gtid): boolean => newest(gtid) !== undefined;
  return {
    isCertain,
    isLacked: (gtid) =>
      gtid.server === server
        ? (newest(gtid) ?? -1n) < gtid.sequence
        : ofOthers && (newest(gtid) ?? gtid.sequence) < gtid.sequence,
  };
}

/**
 * Finds the tail of a binary log: from the first complete transaction that is lacking on. Where that is uncertain, no
 * further back than the newest file. Null for none.
 */
export async function findLogTail(
  files: readonly LogFile[],
  search: TailSearch,
  signal: AbortSignal,
): Promise<FoundTail | null> {
  let first = files.length - 1;
  for (; first > 0; first -= 1) {
    const file = files[first];
    const start = file === undefined ? undefined : await readLogStart(file, signal);
    if (start !== undefined && !start.some((gtid) => search.isLacked(gtid) && search.isCertain(gtid))) {
      break;
    }
  }
  return collectTail(files.slice(Math.max(0, first)), search, signal);
}

/** Finds the same in all files of a log; a transaction may go on from one into the next. */
export async function collectTail(
  files: readonly LogFile[],
  search: TailSearch,
  signal: AbortSignal,
): Promise<FoundTail | null> {
  const scanner = new TransactionScanner();
  const parts: TailPart[] = [];
  const last = new Map<number, Gtid>();
  /** Of the transaction that is being read, in each file that has some of it. */
  let pieces: TailPart[] = [];
  let isOpen = false;
  let changes = 0;
  let certain = true;
  let isUpkeep = true;
  for (const { path } of files) {
    let headEnd: number | undefined;
    await scanFile(path, scanner, signal, {
      onEvent(at, { length }) {
        const to = at + length;
        if (headEnd === undefined) {
          headEnd = to;
          return;
        }
        if (scanner.begun !== undefined) {
          isOpen = true;
          pieces = [];
        }
        if (!isOpen) {
          return;
        }
        pieces = extended(pieces, { path, headEnd, from: at, to });
        const gtid = scanner.ended;
        if (gtid === undefined) {
          return;
        }
        isOpen = false;
        if (changes > 0 || search.isLacked(gtid)) {
          certain &&= changes > 0 || search.isCertain(gtid);
          changes += 1;
          isUpkeep &&= scanner.endedWithin(OWN_SCHEMA);
          addGtid(last, gtid);
          pieces.forEach((piece) => parts.splice(0, parts.length, ...extended(parts, piece)));
        }
      },
    });
  }
  if (changes === 0) {
    return null;
  }
  const bytes = parts.reduce((sum, { headEnd, from, to }) => sum + headEnd - LOG_MAGIC.length + to - from, 0);
  const end = mergeGtidLists(toGtidList(scanner.startsAfter ?? []), scanner.complete);
  return { end: toPosition(end), changes, bytes: LOG_MAGIC.length + bytes, certain, isUpkeep, parts, last };
}

/** Parts with one more; what follows the last one in the same file makes that longer. */
function extended(parts: readonly TailPart[], part: TailPart): TailPart[] {
  const before = parts.at(-1);
  return before?.path === part.path ? [...parts.slice(0, -1), { ...before, to: part.to }] : [...parts, part];
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
