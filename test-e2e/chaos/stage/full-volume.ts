/** Filling small volumes to their last byte, and making room again. */
import { runOnNode } from '../../cluster/provider.ts';
import { smallVolumePath } from '../../sharded-cluster/small-volumes.ts';

/** Name of the small volumes, and of their StorageClass. */
export const SMALL_VOLUMES = 'chaos-small';

/** Fills the volume of the pod on this node; nothing fits on it afterwards. @throws when something still does */
export async function fillVolume(node: string): Promise<void> {
  const path = smallVolumePath(SMALL_VOLUMES, node);
  // What is deleted meanwhile, as an old log, makes room again.
  const script = `for time in 1 2 3 4 5; do
      cat /dev/zero >> ${path}/ballast 2>/dev/null
      [ $(df --output=avail -B1 ${path} | tail -n 1) = 0 ] && exit 0
    done
    exit 1`;
  await runOnNode(node, ['sh', '-c', script]);
}

/** Takes away what {@link fillVolume} put there. */
export async function freeVolume(node: string): Promise<void> {
  await runOnNode(node, ['rm', '-f', `${smallVolumePath(SMALL_VOLUMES, node)}/ballast`]);
}
