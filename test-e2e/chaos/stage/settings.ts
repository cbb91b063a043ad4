/** What the databases of a setting need before they are made. */
import type { Progress } from '../../cluster/progress.ts';
import { ensureOwnClockImage } from '../../image/own-clock-image.ts';
import type { Kubectl } from '../../install/kubectl.ts';
import { makeSmallVolumes, removeSmallVolumes } from '../../sharded-cluster/small-volumes.ts';
import type { Setting } from './stage.ts';

/** Name of the small volumes, and of their StorageClass. */
export const SMALL_VOLUMES = 'chaos-small';

/** Enough for a server and some minutes of writes, and little enough to lie in memory. */
const VOLUME_MEBIBYTES = 700;
const VOLUMES = 3;

/** Makes it. Resolves with what the spec then has instead of the usual. */
export async function prepareSetting(
  kubectl: Kubectl,
  setting: Setting,
  progress: Progress,
): Promise<Readonly<Record<string, unknown>>> {
  switch (setting) {
    case 'usual':
      return {};
    case 'smallVolumes': {
      const { storageClassName } = await makeSmallVolumes(kubectl, SMALL_VOLUMES, {
        count: VOLUMES,
        mebibytes: VOLUME_MEBIBYTES,
      });
      return { storage: { size: '1Gi', storageClassName } };
    }
    case 'ownClocks':
      return { engine: { version: '11.8', image: await ensureOwnClockImage('11.8', progress) } };
    default:
      return setting satisfies never;
  }
}

/** Removes what any setting had needed. The databases must be gone. */
export async function discardSetting(kubectl: Kubectl): Promise<void> {
  await removeSmallVolumes(kubectl, SMALL_VOLUMES);
}
