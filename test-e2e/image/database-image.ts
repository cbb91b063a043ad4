import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runCommand } from '../cluster/machine/command.ts';
import { cacheFolder, checkoutFolder } from '../cluster/machine/folders.ts';
import { createProgress } from '../cluster/progress.ts';
import type { Progress } from '../cluster/progress.ts';
import { buildImage, loadImage } from '../cluster/provider.ts';
import type { PackagedMariadb } from '../mariadb/root-file-system.ts';
import { PACKAGED_MARIADB, rootFileSystem } from '../mariadb/root-file-system.ts';

/** As `mariadb:<version>` is spelled out by a container runtime: what a cluster asks for that names no image. */
const OFFICIAL_IMAGE = 'docker.io/library/mariadb';

/**
 * Brings MariaDB to every node under the name of the official image, made from Debian's packages: machines of this
 * kind reach no registry. It has a server, its programs and nothing of ours.
 */
export async function ensureDatabaseImage(
  version: PackagedMariadb['version'],
  progress: Progress = createProgress(),
): Promise<void> {
  const packaged = PACKAGED_MARIADB.find((candidate) => candidate.version === version);
  if (packaged === undefined) {
    throw new TypeError(`no package of MariaDB ${version}`);
  }
  const archive = await archiveOf(await rootFileSystem(packaged));
  const context = join(checkoutFolder, '.dev/database-image', version);
  await mkdir(context, { recursive: true });
  const dockerfile = join(context, '..', `Dockerfile-${version}`);
  await writeFile(
    dockerfile,
    ['FROM scratch', `ADD ${basename(archive)} /`, 'ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin', ''].join('\n'),
  );
  await runCommand('ln', ['--force', archive, join(context, basename(archive))]).catch(() =>
    runCommand('cp', [archive, join(context, basename(archive))]),
  );
  await loadImage(
    await buildImage({ dockerfile, context, tag: `${OFFICIAL_IMAGE}:${version}` }, progress),
    progress,
  );
}

/** The root file system as one file, kept beside it. */
export async function archiveOf(folder: string): Promise<string> {
  const archive = join(cacheFolder(), 'root-file-systems', `${basename(folder)}.tar`);
  if ((await stat(archive).catch(() => undefined)) === undefined) {
    const unfinished = `${archive}.${String(process.pid)}`;
    await runCommand('tar', [
      '--create',
      '--numeric-owner',
      '--one-file-system',
      '--file',
      unfinished,
      '--exclude=./var/cache/apt/*',
      '--exclude=./var/lib/apt/lists/*',
      '--exclude=./tmp/*',
      '--exclude=./proc/*',
      '--directory',
      folder,
      '.',
    ]);
    await rename(unfinished, archive);
  }
  return archive;
}
