import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Only the pod's user may read what the agent writes: some of it is secret. */
const PRIVATE_FILE = 0o600;

/** Writes a file that is either the old one or complete, also after a power loss. Mode 0600. */
export async function writeFileAtomically(path: string, content: string): Promise<void> {
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', PRIVATE_FILE);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await moveDurably(temporary, path);
}

/** Renames a file or folder and returns when the new name would survive a power loss. */
export async function moveDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  const folder = await open(dirname(to), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Names in a folder; none where it does not exist. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) {
      return [];
    }
    throw error;
  }
}

/** The content of a file; undefined where it does not exist. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}

/** Whether an error says that a file or folder does not exist. */
export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

/** Whether an error says that the file system is full. */
export function isOutOfSpace(error: unknown): boolean {
  const { code } = (error as NodeJS.ErrnoException | undefined) ?? {};
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** Bytes in all files below a folder; those that go meanwhile do not count. */
export async function directoryBytes(folder: string): Promise<number> {
  let total = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) {
      try {
        total += (await stat(join(entry.parentPath, entry.name))).size;
      } catch (error) {
        if (!isMissing(error)) {
          throw error;
        }
      }
    }
  }
  return total;
}
