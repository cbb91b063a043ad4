/** Discarding binary logs that nobody needs. */
import { EngineError } from '../engine-error.ts';
import type { RetentionResult, RetentionRule } from '../member-session.ts';
import type { Position } from '../position.ts';
import { mariadbPositions, toGtidList, toPosition, type GtidList } from './gtid.ts';
import { BINARY_LOG_NAME } from './layout.ts';
import { listLogFiles, readLogStart, type LogFile } from './log-files.ts';
import { STATEMENT_TIMEOUT_MILLISECONDS } from './roles.ts';
import type { ServerAccess } from './server-access.ts';

/** A binary log file and what came before it; undefined where the file does not tell. */
export interface DatedLogFile extends Pick<LogFile, 'name' | 'bytes'> {
  readonly startsAfter: GtidList | undefined;
}

/** What to discard: everything before `keepFrom`. */
export interface RetentionPlan extends RetentionResult {
  /** Name of the first file to keep; undefined when nothing goes. */
  readonly keepFrom?: string;
}

/**
 * Decides which of the oldest files go. A file may go when every needed position covers the start of the file
 * after it: then nobody needs anything that is in it. The newest file always stays.
 */
export function planRetention(files: readonly DatedLogFile[], rule: RetentionRule): RetentionPlan {
  let remainingBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let discardedBytes = 0;
  let keepFrom: string | undefined;
  let heldBy: Position | undefined;
  for (const [index, file] of files.entries()) {
    const next = files[index + 1];
    if (remainingBytes <= rule.maximumBytes || next === undefined) {
      break;
    }
    if (next.startsAfter === undefined) {
      break;
    }
    const start = toPosition(next.startsAfter);
    heldBy = rule.neededAfter.find((needed) => !mariadbPositions.covers(needed, start));
    if (heldBy !== undefined) {
      break;
    }
    remainingBytes -= file.bytes;
    discardedBytes += file.bytes;
    keepFrom = next.name;
  }
  return {
    discardedBytes,
    remainingBytes,
    ...(keepFrom === undefined ? {} : { keepFrom }),
    ...(heldBy === undefined ? {} : { heldBy }),
  };
}

/** See Upkeep.applyRetention. */
export async function applyRetention(
  server: ServerAccess,
  dataDirectory: string,
  rule: RetentionRule,
  signal: AbortSignal,
): Promise<RetentionResult> {
  const files: DatedLogFile[] = [];
  for (const file of await listLogFiles(dataDirectory, BINARY_LOG_NAME)) {
    const start = await readLogStart(file, signal);
    files.push({ ...file, startsAfter: start && toGtidList(start) });
  }
  const { keepFrom, ...result } = planRetention(files, rule);
  if (keepFrom === undefined) {
    return result;
  }
  await server.run(
    'discard binary logs',
    'PURGE BINARY LOGS TO ?',
    [keepFrom],
    STATEMENT_TIMEOUT_MILLISECONDS,
    signal,
  );
  // The server keeps, with a warning only, a file that a replica reads at this moment.
  const left = await listLogFiles(dataDirectory, BINARY_LOG_NAME);
  const remainingBytes = left.reduce((sum, { bytes }) => sum + bytes, 0);
  if (left.length === 0) {
    throw new EngineError('UnreadableFiles', 'no binary log is left');
  }
  const discardedBytes = files
    .filter(({ name }) => !left.some((kept) => kept.name === name))
    .reduce((sum, { bytes }) => sum + bytes, 0);
  return { ...result, discardedBytes, remainingBytes };
}
