import { readFileSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { clusterLayout, stateFolder } from './layout.ts';

/** What is known about the cluster of this machine; written before anything else is made. */
export interface ClusterState {
  /** Changes when a newer checkout can no longer look after a cluster of an older one. */
  readonly format: 1;
  /** Names the boot of the machine: after a reboot nothing of the cluster runs any more. */
  readonly bootId: string;
  /** The second octet of its addresses. */
  readonly octet: number;
  readonly nodeCount: number;
  /** The checkout that made it, for people. */
  readonly checkout: string;
  /** Kernel settings as they were before, restored by `cluster:down`. */
  readonly kernelSettings: Readonly<Record<string, string>>;
  /** Folders outside the state folder that were made as mount points, and are removed when empty. */
  readonly madeFolders: readonly string[];
}

/** The format that this code writes and understands. */
export const stateFormat = 1;

/** The recorded state; undefined when there is no cluster, or one whose record cannot be understood. */
export async function readState(): Promise<ClusterState | undefined> {
  try {
    const state = JSON.parse(await readFile(clusterLayout.stateFile, 'utf8')) as
      ClusterState | { readonly format: unknown };
    return isCurrent(state) ? state : undefined;
  } catch {
    return undefined;
  }
}

function isCurrent(state: ClusterState | { readonly format: unknown }): state is ClusterState {
  return state.format === stateFormat;
}

/** Records the state. */
export async function writeState(state: ClusterState): Promise<void> {
  await mkdir(stateFolder, { recursive: true, mode: 0o755 });
  const temporary = `${clusterLayout.stateFile}.new`;
  await writeFile(temporary, `${JSON.stringify(state, undefined, 2)}\n`);
  await rename(temporary, clusterLayout.stateFile);
}

/** The kernel's name for the current boot. */
export function currentBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
