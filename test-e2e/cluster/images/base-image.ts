import { createHash } from 'node:crypto';
import { mkdir, readFile, realpath, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '../failure.ts';
import { runCommand } from '../machine/command.ts';
import { cacheFolder } from '../machine/folders.ts';
import type { Progress } from '../progress.ts';
import { buildFileImage, isInStore, loadIntoStore } from './builder.ts';

/** What the base image has besides Debian's essential packages: what a Node.js binary links and trusts. */
const packages = ['ca-certificates', 'libstdc++6'];

/** Left out of every package: nobody reads manuals in a container. */
const excluded = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/info/*', '/usr/share/locale/*'];

/** Changes when the recipe below changes. */
const recipe = 1;

/**
 * A base image made on this machine, where no registry need be reached: a minimal Debian (or the system's own
 * distribution) with the Node.js binary that runs this code. Its tag carries a key of what is in it.
 */
export async function ensureBaseImage(progress: Progress): Promise<string> {
  const suite = suiteOf(await readFile('/etc/os-release', 'utf8'));
  const node = await realpath(process.execPath);
  const key = createHash('sha256')
    .update(JSON.stringify([recipe, suite, packages, excluded, process.version, process.arch]))
    .digest('hex')
    .slice(0, 12);
  const tag = `localhost/shardwright-base:${key}`;
  if (await isInStore(tag)) {
    return tag;
  }
  const rootFileSystem = await ensureRootFileSystem(suite, packages, progress);
  const image = await buildFileImage(
    tag,
    { '/': rootFileSystem, '/usr/local/bin/node': node },
    ['ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'CMD ["/usr/local/bin/node"]'],
    progress,
  );
  await loadIntoStore(image);
  return tag;
}

/** The release's code name, such as `bookworm`, from the text of /etc/os-release. */
export function suiteOf(osRelease: string): string {
  const suite = /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(osRelease)?.[1];
  if (suite === undefined) {
    throw new ClusterError(
      'UnsupportedSystem',
      'This system names no release of Debian or Ubuntu in /etc/os-release.',
    );
  }
  return suite;
}

/** A tar archive of a minimal system with these packages, cached in the user's cache folder. */
async function ensureRootFileSystem(
  suite: string,
  include: readonly string[],
  progress: Progress,
): Promise<string> {
  const key = createHash('sha256')
    .update(JSON.stringify([recipe, suite, include, excluded]))
    .digest('hex')
    .slice(0, 16);
  const path = join(cacheFolder(), 'images', `root-file-system-${suite}-${key}.tar`);
  if ((await stat(path).catch(() => undefined)) === undefined) {
    await mkdir(join(cacheFolder(), 'images'), { recursive: true });
    const temporary = path.replace(/\.tar$/, `.${String(process.pid)}.tar`);
    await progress.step(`make a minimal ${suite} with ${include.join(', ')}`, async (detail) => {
      await runCommand(
        'mmdebstrap',
        [
          '--variant=essential',
          `--include=${include.join(',')}`,
          '--aptopt=Acquire::Languages "none"',
          ...excluded.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
          suite,
          temporary,
        ],
        { onLine: detail },
      );
    });
    await rename(temporary, path);
  }
  return path;
}
