import { join } from 'node:path';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import type { Kubectl } from './kubectl.ts';

const KINDS = 'shardedclusters,shardmaps,shardrebalances';
const SERVED_MILLISECONDS = 120_000;

/**
 * Applies the definitions of this checkout and waits until the API server serves what they define, which it does only
 * some time after it has taken them. Takes over those that were there.
 */
export async function applyDefinitions(kubectl: Kubectl): Promise<void> {
  await kubectl.run([
    'apply',
    '--server-side',
    '--force-conflicts',
    `--filename=${join(checkoutFolder, 'crds')}`,
  ]);
  await waitFor(
    `${KINDS} to be served`,
    () => kubectl.run(['get', KINDS, '--all-namespaces', '--output=name']),
    { timeoutMilliseconds: SERVED_MILLISECONDS, everyMilliseconds: 300 },
  );
}
