import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readProcess } from './process-table.ts';

/**
 * Runs `action` while holding the lock file, so that two commands, also of two checkouts, do not build or
 * change the same thing at once. Waits for the holder; a lock whose holder has died is taken over.
 */
export async function withFileLock<T>(
  path: string,
  action: () => Promise<T>,
  onWait: (holder: number) => void = () => undefined,
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  let told = false;
  while (!(await tryCreate(path))) {
    const holder = await readHolder(path);
    if (holder === 'gone') {
      await rm(path, { force: true });
      continue;
    }
    if (!told && typeof holder === 'number') {
      onWait(holder);
      told = true;
    }
    await delay(100);
  }
  try {
    return await action();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryCreate(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(`${String(process.pid)} ${readProcess(process.pid)?.startTime ?? ''}`);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

/** The holder's process id; 'gone' when it has died; undefined while the lock is only just being written. */
async function readHolder(path: string): Promise<number | 'gone' | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
  const [pid = '', startTime = ''] = text.split(' ');
  if (pid === '') {
    return undefined;
  }
  const holder = readProcess(Number(pid));
  return holder === undefined || (holder.startTime !== startTime && startTime !== '') ? 'gone' : Number(pid);
}
