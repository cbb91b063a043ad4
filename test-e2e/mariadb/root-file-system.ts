/** Root file systems with a stock MariaDB in them, made once from Debian's packages and kept. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../cluster/machine/command.ts';
import { withFileLock } from '../cluster/machine/file-lock.ts';
import { cacheFolder } from '../cluster/machine/folders.ts';

/** A MariaDB that the project supports, and the Debian release that carries it. */
export interface PackagedMariadb {
  readonly version: '10.11' | '11.8';
  readonly suite: 'bookworm' | 'trixie';
}

export const PACKAGED_MARIADB: readonly PackagedMariadb[] = [
  { version: '10.11', suite: 'bookworm' },
  { version: '11.8', suite: 'trixie' },
];

/** What decides the content; a change of it makes a new root file system. */
function recipeOf(furtherPackages: readonly string[]): readonly string[] {
  return [
    '--variant=minbase',
    `--include=${['mariadb-server', 'mariadb-backup', ...furtherPackages].join(',')}`,
    ...['doc', 'man', 'info', 'locale', 'lintian'].map(
      (folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`,
    ),
  ];
}

/**
 * The folder of the root file system for a release, made with mmdebstrap when it is not there yet (half a minute
 * and 0.5 GB). Needs root and Debian's package archive. `furtherPackages` of Debian make it another one.
 */
export async function rootFileSystem(
  { suite }: PackagedMariadb,
  furtherPackages: readonly string[] = [],
): Promise<string> {
  const recipe = recipeOf(furtherPackages);
  const key = createHash('sha256')
    .update(JSON.stringify([suite, recipe]))
    .digest('hex')
    .slice(0, 12);
  const cache = join(cacheFolder(), 'root-file-systems');
  const folder = join(cache, `mariadb-${suite}-${key}`);
  await mkdir(cache, { recursive: true });
  await withFileLock(`${folder}.lock`, async () => {
    if (!(await exists(folder))) {
      const work = await mkdtemp(join(cache, 'new-'));
      try {
        await runCommand('mmdebstrap', [...recipe, suite, join(work, 'root')]);
        await rename(join(work, 'root'), folder);
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    }
  });
  return folder;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
