import { copyFile, readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

/** A log larger than this is moved aside; with the one copy that is kept, a daemon takes at most twice this. */
const maximumBytes = 20 * 1024 * 1024;

/**
 * Empties every log that has grown too large after copying it to NAME.log.1. Daemons append to their logs, so
 * they go on writing at the new end; what they write during the copy is lost.
 */
export async function boundLogs(folder: string, limit = maximumBytes): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (name.endsWith('.log') && (await stat(path)).size > limit) {
      await copyFile(path, `${path}.1`);
      await truncate(path, 0);
    }
  }
}
