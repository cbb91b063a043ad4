import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '../failure.ts';
import { takesConnections } from '../machine/unix-socket.ts';
import { waitFor } from '../machine/wait.ts';
import { makeCgroup, readCgroupHierarchies } from './cgroups.ts';
import {
  ensureRunning,
  listDaemons,
  logTail,
  readSpecification,
  runningDaemon,
  stopDaemon,
  writeSpecification,
} from './daemon.ts';
import type { NodeLayout } from './layout.ts';
import { nodeDaemonNames, nodeDaemons, nodeRuntimeNames } from './node-daemons.ts';
import type { NodeSettings } from './node-daemons.ts';
import { killCgroup, removeCgroupSoon } from './processes.ts';

/**
 * Starts a node's file system view and containerd, unless they run. A node that is wholly down starts as after
 * a reboot: with an empty /run.
 */
export async function startRuntime(node: NodeLayout, settings: NodeSettings): Promise<void> {
  const names = nodeDaemonNames(node);
  const changed = new Set<string>();
  const known = new Map((await listDaemons()).map((daemon) => [daemon.name, daemon]));
  for (const daemon of nodeDaemons(node, settings)) {
    const before = known.get(daemon.name);
    if (before !== undefined && JSON.stringify({ ...before, wanted: true }) !== JSON.stringify(daemon)) {
      changed.add(daemon.name);
    }
  }
  if ((await runningDaemon(names.mounts)) === undefined || changed.has(names.mounts)) {
    await powerOff(node);
  }
  makeCgroup(readCgroupHierarchies(), node.systemCgroup);
  for (const daemon of nodeDaemons(node, settings)) {
    if (changed.has(daemon.name)) {
      await stopDaemon(daemon.name);
    }
    const isRuntime = nodeRuntimeNames(node).includes(daemon.name);
    const wanted = isRuntime || (known.get(daemon.name)?.wanted ?? false);
    await writeSpecification({ ...daemon, wanted });
  }
  await startRecordedRuntime(node);
}

/** Starts the kubelet and kube-proxy of a node whose runtime runs. */
export async function startKubelet(node: NodeLayout): Promise<void> {
  await setWanted(node, true);
  const names = nodeDaemonNames(node);
  await ensureRunning(names.kubelet);
  await ensureRunning(names.proxy);
}

/** Kills everything of the node at once: kubelet, containerd, shims and all processes of its pods. */
export async function killNode(node: NodeLayout): Promise<void> {
  // First, so that the caretaker does not start them again.
  await setWanted(node, false);
  await killCgroup(readCgroupHierarchies(), node.cgroup);
}

/**
 * Starts a node again, killed or not, from its recorded daemons, up to its runtime; {@link startKubelet} does the
 * rest. Images, volumes and the records of containers are as they were.
 */
export async function restartRuntime(node: NodeLayout): Promise<void> {
  for (const name of Object.values(nodeDaemonNames(node))) {
    if ((await readSpecification(name)) === undefined) {
      throw new ClusterError('NotFound', `${name} was never started.`, {
        remedy: 'Run `npm run cluster:up`.',
      });
    }
  }
  await powerOff(node);
  makeCgroup(readCgroupHierarchies(), node.systemCgroup);
  await setWanted(node, true, nodeRuntimeNames(node));
  await startRecordedRuntime(node);
}

/** Kills what runs of a node and forgets what a machine forgets without power. */
async function powerOff(node: NodeLayout): Promise<void> {
  await killNode(node);
  // The kubelet would take seconds over every container that it finds a group of and no process.
  await removeCgroupSoon(readCgroupHierarchies(), node.cgroup);
  await rm(node.runFolder, { recursive: true, force: true });
  await mkdir(node.runFolder, { recursive: true });
}

async function startRecordedRuntime(node: NodeLayout): Promise<void> {
  const names = nodeDaemonNames(node);
  await ensureRunning(names.mounts);
  const isSetUp = join(node.runFolder, 'node-is-set-up');
  await untilDaemon(names.mounts, 'have set the node up', async () => existsSync(isSetUp));
  await ensureRunning(names.containerd);
  await untilDaemon(names.containerd, 'take connections', async () =>
    takesConnections(node.containerdSocket),
  );
}

async function setWanted(
  node: NodeLayout,
  wanted: boolean,
  names: readonly string[] = Object.values(nodeDaemonNames(node)),
): Promise<void> {
  const own = new Set(names);
  for (const specification of await listDaemons()) {
    if (own.has(specification.name) && specification.wanted !== wanted) {
      await writeSpecification({ ...specification, wanted });
    }
  }
}

async function untilDaemon(name: string, what: string, holds: () => Promise<boolean>): Promise<void> {
  await waitFor(
    `${name} to ${what}`,
    async () => {
      if ((await runningDaemon(name)) === undefined) {
        throw new ClusterError('NotFound', `${name} ended:\n${logTail(name)}`);
      }
      return (await holds()) || undefined;
    },
    { timeoutMilliseconds: 120_000, everyMilliseconds: 30 },
  );
}
