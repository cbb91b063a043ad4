/** Files that mariadb-backup puts into a copy. Their names begin with `xtrabackup_` before MariaDB 11. */
import { join } from 'node:path';
import { EngineError } from '../engine-error.ts';
import type { Position } from '../position.ts';
import { readIfPresent } from './files.ts';
import { mariadbPositions } from './gtid.ts';

const PREFIXES = ['mariadb_backup_', 'xtrabackup_'] as const;

async function readInfo(directory: string, name: string): Promise<string | undefined> {
  for (const prefix of PREFIXES) {
    const text = await readIfPresent(join(directory, `${prefix}${name}`));
    if (text !== undefined) {
      return text;
    }
  }
  return undefined;
}

/**
 * The position that a received copy is at. EngineError `IncompleteClone` where the files that mariadb-backup
 * writes last are missing: the stream ended early.
 */
export async function readCopyPosition(directory: string): Promise<Position> {
  const [binlog, summary, checkpoints] = await Promise.all([
    readInfo(directory, 'binlog_info'),
    readInfo(directory, 'info'),
    readInfo(directory, 'checkpoints'),
  ]);
  if (binlog === undefined || summary === undefined || checkpoints === undefined) {
    throw new EngineError('IncompleteClone', 'the copy ends before its description');
  }
  return parseCopyPosition(binlog);
}

/** Reads `file<TAB>offset<TAB>GTID list`; the list is empty on a server that has written nothing. */
export function parseCopyPosition(text: string): Position {
  const [file, offset, gtids = ''] = text.replace(/\n$/, '').split('\t');
  if (file === undefined || offset === undefined) {
    throw new EngineError('IncompleteClone', `no position in ${JSON.stringify(text.slice(0, 100))}`);
  }
  return mariadbPositions.parse(gtids);
}
