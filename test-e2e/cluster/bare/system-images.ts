import type { BinaryName } from '../binaries/index.ts';
import { buildFileImage } from '../images/builder.ts';
import type { BuiltImage } from '../images/builder.ts';
import type { Progress } from '../progress.ts';

/** The image that holds a pod's namespaces. */
export const pauseImageTag = 'localhost/shardwright-pause:development';

/** The image of the cluster's name server. */
export const coreDnsImageTag = 'localhost/shardwright-coredns:development';

/** Builds the images that every cluster needs, each of one program. */
export async function ensureSystemImages(
  programs: Readonly<Record<Extract<BinaryName, 'pause' | 'coredns'>, string>>,
  progress: Progress,
): Promise<BuiltImage[]> {
  const pause = await buildFileImage(
    pauseImageTag,
    { '/pause': programs.pause },
    ['USER 65535:65535', 'ENTRYPOINT ["/pause"]'],
    progress,
  );
  const coreDns = await buildFileImage(
    coreDnsImageTag,
    { '/coredns': programs.coredns },
    ['ENTRYPOINT ["/coredns"]'],
    progress,
  );
  return [pause, coreDns];
}
