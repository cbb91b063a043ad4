import { createHash } from 'node:crypto';
import { lstat, readFile, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Everything that decides what an image holds. */
export interface ImageInputs {
  /** {@link hashFolder} of the build context. */
  readonly context: string;
  /** Hash of the Dockerfile. */
  readonly dockerfile: string;
  readonly tag: string;
  /** The base image among them must carry its own key in its tag. */
  readonly buildArguments: Readonly<Record<string, string>>;
}

/** The name under which an image is cached. 64 bits of SHA-256. */
export function imageKey(inputs: ImageInputs): string {
  const buildArguments = Object.entries(inputs.buildArguments).sort(([left], [right]) =>
    left < right ? -1 : 1,
  );
  const text = JSON.stringify([inputs.context, inputs.dockerfile, inputs.tag, buildArguments]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/**
 * A hash of a file, or of all files below a folder: names, contents and the executable bit, whatever the order
 * of the directory and the time stamps. Folders named node_modules and .git are left out.
 */
export async function hashFolder(path: string): Promise<string> {
  const hash = createHash('sha256');
  await addEntry(hash, path, '');
  return hash.digest('hex');
}

async function addEntry(hash: ReturnType<typeof createHash>, path: string, name: string): Promise<void> {
  const stats = await lstat(path);
  if (stats.isDirectory()) {
    for (const child of (await readdir(path)).sort()) {
      if (child !== 'node_modules' && child !== '.git') {
        await addEntry(hash, join(path, child), `${name}/${child}`);
      }
    }
  } else if (stats.isSymbolicLink()) {
    hash.update(`link ${name} ${await readlink(path)}\n`);
  } else if (stats.isFile()) {
    hash.update(`file ${name} ${String(stats.mode & 0o111)} ${String(stats.size)}\n`);
    hash.update(await readFile(path));
  }
}
