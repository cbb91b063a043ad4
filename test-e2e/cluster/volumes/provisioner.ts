import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterApi } from '../api/client.ts';
import { persistentVolume, planVolumes, volumeName } from './plan.ts';
import type { Claim, StorageClass, Volume, VolumeAction } from './plan.ts';

const claimsPath = '/api/v1/persistentvolumeclaims';
const volumesPath = '/api/v1/persistentvolumes';
const classesPath = '/apis/storage.k8s.io/v1/storageclasses';

/** Pause after a failed pass or a watch that broke. */
const retryMilliseconds = 500;
/** A look without any event, should one have been missed. */
const resyncMilliseconds = 30_000;

/** Options of {@link runProvisioner}. */
export interface ProvisionerOptions {
  readonly api: ClusterApi;
  /** The folder that holds the volumes of a node; undefined for a node that is not of this cluster. */
  readonly folderOf: (node: string) => string | undefined;
  readonly log: (message: string) => void;
}

/**
 * Makes and removes local volumes until aborted. Progress is in the API alone: it can be killed at any line
 * and goes on when started again, and it outlives restarts of the API server.
 */
export async function runProvisioner(options: ProvisionerOptions, signal: AbortSignal): Promise<void> {
  const changes = new ChangeSignal();
  signal.addEventListener('abort', () => changes.raise(), { once: true });
  const watches = [claimsPath, volumesPath].map(async (path) => keepWatching(options, path, changes, signal));
  while (!signal.aborted) {
    const resync = setTimeout(() => changes.raise(), resyncMilliseconds);
    await changes.wait();
    clearTimeout(resync);
    if (signal.aborted) {
      break;
    }
    try {
      await pass(options);
    } catch (error) {
      options.log(`volumes: ${error instanceof Error ? error.message : String(error)}`);
      changes.raise();
      await pause(signal);
    }
  }
  await Promise.allSettled(watches);
}

async function pass(options: ProvisionerOptions): Promise<void> {
  const { api } = options;
  const claims = await api.get<{ items: Claim[] }>(claimsPath);
  const volumes = await api.get<{ items: Volume[] }>(volumesPath);
  const classes = await api.get<{ items: StorageClass[] }>(classesPath);
  const actions = planVolumes({
    claims: claims?.items ?? [],
    volumes: volumes?.items ?? [],
    classes: classes?.items ?? [],
  });
  for (const action of actions) {
    await act(options, action);
  }
}

async function act(options: ProvisionerOptions, action: VolumeAction): Promise<void> {
  if (action.kind === 'remove') {
    const node = action.node === undefined ? undefined : options.folderOf(action.node);
    // Never a folder that we did not make, whatever somebody wrote into a volume.
    if (node === undefined || join(node, action.volume.metadata.name) !== action.path) {
      return;
    }
    // The folder first: were the volume's object gone and we with it, nobody would know of the folder.
    await rm(action.path, { recursive: true, force: true });
    await options.api.remove(`${volumesPath}/${action.volume.metadata.name}`);
    options.log(`volumes: removed ${action.volume.metadata.name}`);
    return;
  }
  const folder = options.folderOf(action.node);
  if (folder === undefined) {
    return;
  }
  const name = volumeName(action.claim);
  const path = join(folder, name);
  // Owned by root; the kubelet hands it to the pod's fsGroup when it mounts the volume.
  await mkdir(path, { recursive: true, mode: 0o755 });
  await options.api.create(
    volumesPath,
    persistentVolume(action.claim, action.node, path, action.reclaimPolicy),
  );
  options.log(`volumes: made ${name} on ${action.node}`);
}

async function keepWatching(
  options: ProvisionerOptions,
  path: string,
  changes: ChangeSignal,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await options.api.watch(path, () => changes.raise(), signal);
    } catch {
      // Most often the API server restarts; every new watch begins with all objects, so nothing is missed.
      await pause(signal);
    }
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  await delay(retryMilliseconds, undefined, { signal }).catch(() => undefined);
}

/** Remembers that something changed until somebody looks. */
class ChangeSignal {
  #raised = true;
  #wake: () => void = () => undefined;

  raise(): void {
    this.#raised = true;
    this.#wake();
  }

  async wait(): Promise<void> {
    if (!this.#raised) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#raised = false;
  }
}
