/**
 * Container images without a registry: built by buildah, kept as archives in the user's cache folder under a
 * key of their contents, and brought to the nodes by the cluster's provider.
 */
import { cp, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCommand, tryCommand } from '../machine/command.ts';
import { isOnOverlay } from '../machine/file-system.ts';
import { withFileLock } from '../machine/file-lock.ts';
import { cacheFolder } from '../machine/folders.ts';
import type { Progress } from '../progress.ts';
import { hashFolder, imageKey } from './content-key.ts';

/** What to build. */
export interface ImageRequest {
  /** The path of the Dockerfile. */
  readonly dockerfile: string;
  /** The folder that COPY copies from. Keep it small: all of it decides the cache key. */
  readonly context: string;
  /** The full name, such as `localhost/shardwright:dev`. */
  readonly tag: string;
  readonly buildArguments?: Readonly<Record<string, string>>;
}

/** A built image. */
export interface BuiltImage {
  readonly tag: string;
  /** Changes when, and only when, something that goes into the image changes. */
  readonly key: string;
  /** The image as a file, where the cluster's nodes take it from one. */
  readonly archive?: string;
}

/** Builds the image unless the cache holds one of the same contents; at once when it does. */
export async function buildWithBuildah(request: ImageRequest, progress: Progress): Promise<BuiltImage> {
  const key = imageKey({
    context: await hashFolder(request.context),
    dockerfile: await hashFolder(request.dockerfile),
    tag: request.tag,
    buildArguments: request.buildArguments ?? {},
  });
  const archive = join(cacheFolder(), 'images', `${archivePrefix(request.tag)}${key}.tar`);
  if (!(await exists(archive))) {
    await mkdir(dirname(archive), { recursive: true });
    await withFileLock(join(cacheFolder(), 'images', 'build.lock'), async () => {
      if (!(await exists(archive))) {
        await progress.step(`build image ${request.tag}`, async (detail) => build(request, archive, detail));
        await removeOld(request.tag);
      }
    });
  }
  return { tag: request.tag, key, archive };
}

/** How many images of one repository are kept, in the store and as archives: switching between two checkouts builds nothing. */
const imagesKept = 3;

async function removeOld(tag: string): Promise<void> {
  const folder = join(cacheFolder(), 'images');
  const own = (await readdir(folder)).filter((name) => name.startsWith(archivePrefix(tag)));
  const aged = await Promise.all(
    own.map(async (name) => ({ name, time: (await stat(join(folder, name))).mtimeMs })),
  );
  const oldestLast = aged.sort((left, right) => right.time - left.time);
  for (const { name } of oldestLast.slice(imagesKept)) {
    await rm(join(folder, name), { force: true });
  }
  // Newest first.
  const listed = await buildah(['images', '--format', '{{.Name}}:{{.Tag}}']);
  const tags = listed.standardOutput.split('\n').filter((name) => repositoryOf(name) === repositoryOf(tag));
  for (const old of tags.slice(imagesKept)) {
    await buildah(['rmi', old]);
  }
}

function repositoryOf(tag: string): string {
  return tag.replace(/:[^:/]*$/, '');
}

/** The archives of a repository begin with its name, in letters that a file name may have, whatever the tags. */
export function archivePrefix(tag: string): string {
  return `${repositoryOf(tag).replaceAll(/[^a-zA-Z0-9.]+/g, '-')}--`;
}

/** Builds an image that holds nothing but the files given: path in the image → path here. */
export async function buildFileImage(
  tag: string,
  files: Readonly<Record<string, string>>,
  instructions: readonly string[],
  progress: Progress,
): Promise<BuiltImage> {
  const folder = await mkdtemp(join(tmpdir(), 'shardwright-image-'));
  try {
    const context = join(folder, 'context');
    await mkdir(context);
    const copies: string[] = [];
    for (const [index, [target, source]] of Object.entries(files).entries()) {
      await cp(source, join(context, String(index)), { preserveTimestamps: true });
      copies.push(
        source.endsWith('.tar') ? `ADD ${String(index)} ${target}` : `COPY ${String(index)} ${target}`,
      );
    }
    const dockerfile = join(folder, 'Dockerfile');
    await writeFile(dockerfile, `${['FROM scratch', ...copies, ...instructions].join('\n')}\n`);
    return await buildWithBuildah({ dockerfile, context, tag }, progress);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Puts an image that was built into buildah's own store, should it have been emptied since. */
export async function loadIntoStore(image: BuiltImage): Promise<void> {
  if (!(await isInStore(image.tag)) && image.archive !== undefined) {
    await runCommand('buildah', [...(await storeOptions()), 'pull', `docker-archive:${image.archive}`]);
  }
}

/** Whether buildah's own store holds the image, so that another build can start from it. */
export async function isInStore(tag: string): Promise<boolean> {
  return (await buildah(['inspect', '--type', 'image', tag])).exitCode === 0;
}

async function build(request: ImageRequest, archive: string, detail: (text: string) => void): Promise<void> {
  const buildArguments = Object.entries(request.buildArguments ?? {}).flatMap(([name, value]) => [
    '--build-arg',
    `${name}=${value}`,
  ]);
  const store = await storeOptions();
  const environment = { BUILDAH_ISOLATION: 'chroot', BUILDAH_FORMAT: 'docker' };
  await runCommand(
    'buildah',
    [
      ...store,
      'bud',
      '--pull-never',
      '--layers=false',
      '--tag',
      request.tag,
      '--file',
      request.dockerfile,
      ...buildArguments,
      request.context,
    ],
    { environment, onLine: detail },
  );
  const temporary = `${archive}.${String(process.pid)}`;
  await rm(temporary, { force: true });
  // Not compressed: it never travels, and compressing costs more than all else.
  await runCommand('buildah', [...store, 'push', request.tag, `docker-archive:${temporary}:${request.tag}`], {
    environment,
  });
  await rename(temporary, archive);
  // The tag has moved on to the new image; what it named before only takes room.
  await buildah(['rmi', '--prune']);
}

async function buildah(programArguments: readonly string[]): ReturnType<typeof tryCommand> {
  return tryCommand('buildah', [...(await storeOptions()), ...programArguments]);
}

/** An overlay cannot lie on an overlay, as within a container; plain copies always work. */
async function storeOptions(): Promise<string[]> {
  const root = join(cacheFolder(), 'buildah');
  await mkdir(root, { recursive: true });
  const driver = (await isOnOverlay(root)) ? 'vfs' : 'overlay';
  return ['--root', join(root, driver), '--runroot', join(root, 'run'), '--storage-driver', driver];
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
