import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildBundle } from '../../scripts/build-bundle.ts';
import { hashFolder } from '../cluster/images/content-key.ts';
import { withFileLock } from '../cluster/machine/file-lock.ts';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import { createProgress } from '../cluster/progress.ts';
import type { Progress } from '../cluster/progress.ts';
import { baseImage, buildImage, loadImage } from '../cluster/provider.ts';
import type { BuiltImage } from '../cluster/provider.ts';

/** What is copied into the image, and nothing else, so that nothing else decides whether it is built anew. */
const CONTEXT = join(checkoutFolder, '.dev/image');
const DOCKERFILE = join(checkoutFolder, 'Dockerfile');

/**
 * Builds the operator's image from the sources as they are and brings it to every node of the development
 * cluster. Returns its reference, whose tag is made from the contents: unchanged sources give the same image,
 * at once, and changed ones never pass for it.
 */
export async function ensureOperatorImage(progress: Progress = createProgress()): Promise<string> {
  const base = await baseImage(progress);
  // Another command may be about to empty the folder that this one is building from.
  const image = await withFileLock(`${CONTEXT}.lock`, () => buildFromSources(base, progress));
  await loadImage(image, progress);
  return image.tag;
}

async function buildFromSources(base: string, progress: Progress): Promise<BuiltImage> {
  await mkdir(CONTEXT, { recursive: true });
  await buildBundle(join(CONTEXT, 'dist/image'));
  const contents = await hashFolder(CONTEXT);
  const dockerfile = await readFile(DOCKERFILE, 'utf8');
  const tag = createHash('sha256').update(`${base}\0${contents}\0${dockerfile}`).digest('hex').slice(0, 12);
  return buildImage(
    {
      dockerfile: DOCKERFILE,
      context: CONTEXT,
      tag: `localhost/shardwright:${tag}`,
      buildArguments: { BASE_IMAGE: base },
    },
    progress,
  );
}
