import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '../failure.ts';
import type { BuiltImage } from '../images/builder.ts';
import { runCommand } from '../machine/command.ts';
import { isOnOverlay } from '../machine/file-system.ts';
import { clusterLayout } from './layout.ts';
import type { NodeLayout } from './layout.ts';

/** Remembers an image for nodes that start later. */
export async function recordImage(image: BuiltImage): Promise<void> {
  const images = await recordedImages();
  const others = images.filter((known) => known.tag !== image.tag);
  await writeFile(clusterLayout.imagesFile, JSON.stringify([...others, image]));
}

/** Imports what the node lacks of all recorded images whose archives the cache still has. */
export async function importRecordedImages(node: NodeLayout): Promise<void> {
  for (const image of await recordedImages()) {
    if (image.archive !== undefined && existsSync(image.archive)) {
      await importImage(node, image);
    }
  }
}

async function recordedImages(): Promise<BuiltImage[]> {
  const text = await readFile(clusterLayout.imagesFile, 'utf8').catch(() => '[]');
  return JSON.parse(text) as BuiltImage[];
}

/** Imports the image into the node's containerd unless this very image is there; true when it was imported. */
export async function importImage(node: NodeLayout, image: BuiltImage): Promise<boolean> {
  const marker = join(node.imagesFolder, createHash('sha256').update(image.tag).digest('hex').slice(0, 16));
  const present = await readFile(marker, 'utf8').catch(() => '');
  if (present === image.key) {
    return false;
  }
  if (image.archive === undefined) {
    throw new ClusterError('NotFound', `${image.tag} was not built for this kind of cluster.`);
  }
  const snapshotter = (await isOnOverlay(node.containerdFolder)) ? 'native' : 'overlayfs';
  await runCommand('ctr', [
    '--address',
    node.containerdSocket,
    '--namespace',
    'k8s.io',
    'images',
    'import',
    '--snapshotter',
    snapshotter,
    image.archive,
  ]);
  await writeFile(marker, image.key);
  return true;
}
