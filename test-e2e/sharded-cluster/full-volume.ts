/** Filling small volumes to their last byte, and making room again. */
import { runOnNode } from '../cluster/provider.ts';
import { smallVolumePath } from './small-volumes.ts';

/** Fills a small volume of a node; nothing fits on it afterwards. @throws when something still does */
export async function fillVolume(node: string, volume: string): Promise<void> {
  const path = smallVolumePath(volume);
  // What is deleted meanwhile, as an old log, makes room again.
  const script = `for time in 1 2 3 4 5; do
      cat /dev/zero >> ${path}/ballast 2>/dev/null
      [ $(df --output=avail -B1 ${path} | tail -n 1) = 0 ] && exit 0
    done
    exit 1`;
  await runOnNode(node, ['sh', '-c', script]);
}

/** Takes away what {@link fillVolume} put there. */
export async function freeVolume(node: string, volume: string): Promise<void> {
  await runOnNode(node, ['rm', '-f', `${smallVolumePath(volume)}/ballast`]);
}
