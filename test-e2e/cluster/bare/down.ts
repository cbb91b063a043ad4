import { readFileSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand, tryCommand } from '../machine/command.ts';
import { kubeconfigName, kubeconfigPath } from '../machine/folders.ts';
import { readCgroupHierarchies } from './cgroups.ts';
import { listDaemons, writeSpecification } from './daemon.ts';
import { restoreKernelSettings } from './kernel-settings.ts';
import { rootCgroup, stateFolder, stateParentFolder } from './layout.ts';
import { removeHostNetwork } from './network.ts';
import { killCgroup, removeCgroupSoon } from './processes.ts';
import { readState } from './state.ts';

/**
 * Removes everything of the cluster: processes, mounts, namespaces, interfaces, routes, the firewall rule, control
 * groups and all its files. Works on a cluster in any state, also one that is half made, and on none at all.
 * Caches and installed packages stay.
 */
export async function tearDown(): Promise<void> {
  const state = await readState();
  const hierarchies = readCgroupHierarchies();
  for (const daemon of await listDaemons()) {
    await writeSpecification({ ...daemon, wanted: false });
  }
  await killCgroup(hierarchies, rootCgroup);
  await removeHostNetwork();
  for (const mount of mountsBelow(readFileSync('/proc/self/mounts', 'utf8'), stateFolder)) {
    await runCommand('umount', [mount]);
  }
  await removeCgroupSoon(hierarchies, rootCgroup);
  restoreKernelSettings(state?.kernelSettings ?? {});
  await rm(stateFolder, { recursive: true, force: true });
  await removeMountPoints(state?.madeFolders ?? []);
  if (state !== undefined) {
    await rm(kubeconfigPath, { force: true });
    await rm(join(state.checkout, '.dev', kubeconfigName), { force: true });
  }
}

/** The mounts at or below a folder, in the order they must be unmounted, from the text of /proc/self/mounts. */
export function mountsBelow(mounts: string, folder: string): string[] {
  return mounts
    .split('\n')
    .map((line) => (line.split(' ')[1] ?? '').replaceAll('\\040', ' '))
    .filter((path) => path === folder || path.startsWith(`${folder}/`))
    .reverse();
}

/** Empty folders that were made for nodes to mount over. Another cluster of this machine may need them still. */
async function removeMountPoints(madeFolders: readonly string[]): Promise<void> {
  const others = await readdir(stateParentFolder).catch(() => []);
  const otherClusters = others.filter((name) => !name.endsWith('.lock'));
  if (otherClusters.length > 0) {
    return;
  }
  for (const folder of madeFolders) {
    await tryCommand('rmdir', [folder]);
  }
}

/** Removes the parent of the state folder when nothing is in it. */
export async function removeEmptyParent(): Promise<void> {
  await rmdir(dirname(stateFolder)).catch(() => undefined);
}
