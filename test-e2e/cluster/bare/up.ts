import { existsSync } from 'node:fs';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openClusterApi } from '../api/client.ts';
import type { ClusterApi } from '../api/client.ts';
import { ensureBinaries } from '../binaries/index.ts';
import type { BinaryName } from '../binaries/index.ts';
import { ClusterError } from '../failure.ts';
import { tryCommand } from '../machine/command.ts';
import { checkoutFolder, kubeconfigPath } from '../machine/folders.ts';
import type { Progress } from '../progress.ts';
import {
  clusterDomain,
  ensureCredentials,
  serverUrl,
  startApiServer,
  startControllers,
} from './control-plane.ts';
import { runningDaemon, stopDaemon } from './daemon.ts';
import { tearDown } from './down.ts';
import { findUnhealthy } from './health.ts';
import { readKernelSettings } from './kernel-settings.ts';
import { clusterLayout, nodeLayouts } from './layout.ts';
import type { NodeLayout } from './layout.ts';
import { chooseOctet, maximumNodes, networkPlan } from './network-plan.ts';
import { ensureHostNetwork, ensureNodeNetwork, readForeignRoutes } from './network.ts';
import { importRecordedImages, recordImage } from './node-images.ts';
import { nodeDaemonNames } from './node-daemons.ts';
import type { NodeSettings } from './node-daemons.ts';
import { writeNodeConfiguration } from './node-files.ts';
import { startKubelet, startRuntime } from './node.ts';
import { applyAddons, untilApiServerReady, untilNameServiceReady, untilNodesReady } from './readiness.ts';
import { ensureRequirements, networkPluginsFolder } from './requirements.ts';
import { currentBootId, readState, stateFormat, writeState } from './state.ts';
import type { ClusterState } from './state.ts';
import { ensureSystemImages, pauseImageTag } from './system-images.ts';

const defaultNodeCount = 3;

/** Folders that must exist for a node to have its own one mounted there. */
const mountPointFolders = ['/var/lib/kubelet', '/var/lib/cni'];

const programNames = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kubectl',
  'coredns',
  'pause',
] as const satisfies readonly BinaryName[];

type Programs = Readonly<Record<(typeof programNames)[number], string>>;

/**
 * Makes the cluster, mends it, or finds it healthy and leaves it as it is.
 * @throws ClusterError saying what is missing, or which part did not start.
 */
export async function bringUp(nodeCount: number | undefined, progress: Progress): Promise<void> {
  await ensureRequirements(progress);
  const programs = await ensureBinaries(programNames, progress);
  const known = await readState();
  const wanted = nodeCount ?? known?.nodeCount ?? defaultNodeCount;
  if (known !== undefined && known.bootId === currentBootId()) {
    if (wanted < known.nodeCount) {
      throw new ClusterError(
        'InvalidArguments',
        `The cluster has ${String(known.nodeCount)} nodes, not ${String(wanted)}.`,
        {
          remedy: 'Nodes can be added, not taken away: run `npm run cluster:down` first.',
        },
      );
    }
    const reasons = wanted === known.nodeCount ? await findUnhealthy(known) : ['nodes are to be added'];
    if (reasons.length === 0) {
      await writeKubeconfig();
      progress.note(`the cluster is healthy (made by ${known.checkout}); nothing to do`);
      return;
    }
    progress.note(`mending the cluster: ${reasons.join('; ')}`);
    try {
      await converge({ ...known, nodeCount: wanted }, programs, progress);
      return;
    } catch (error) {
      progress.note(
        `it cannot be mended, so it is made anew: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  } else if (known !== undefined) {
    progress.note('the machine was restarted since the cluster was made, so it is made anew');
  }
  await progress.step('remove what is left of an earlier cluster', async () => tearDown());
  await converge(await newState(wanted), programs, progress);
}

async function newState(nodeCount: number): Promise<ClusterState> {
  return {
    format: stateFormat,
    bootId: currentBootId(),
    octet: chooseOctet(await readForeignRoutes()),
    nodeCount,
    checkout: checkoutFolder,
    kernelSettings: readKernelSettings(),
    madeFolders: mountPointFolders.filter((folder) => !existsSync(folder)),
  };
}

/** Brings every part to where it should be; parts that are there already are left alone. */
async function converge(state: ClusterState, programs: Programs, progress: Progress): Promise<void> {
  const nodes = nodeLayouts(Math.min(state.nodeCount, maximumNodes));
  const plan = networkPlan(state.octet);
  await writeState(state);
  const images = await ensureSystemImages(programs, progress);
  for (const image of images) {
    await recordImage(image);
  }
  await progress.step(`connect ${String(nodes.length)} nodes`, async () => {
    for (const folder of mountPointFolders) {
      await mkdir(folder, { recursive: true });
    }
    for (const moduleName of ['br_netfilter', 'overlay', 'nf_conntrack']) {
      await tryCommand('modprobe', [moduleName]);
    }
    await ensureHostNetwork(plan, nodes);
    await Promise.all(nodes.map(async (node) => ensureNodeNetwork(plan, node, nodes)));
  });
  const authority = await ensureCredentials(plan);
  await startApiServer(plan, programs);
  const api = openClusterApi(join(clusterLayout.credentialsFolder, 'admin.kubeconfig'));
  try {
    const settings: NodeSettings = {
      plan,
      clusterDomain,
      server: serverUrl(plan),
      authority,
      pauseImage: pauseImageTag,
      networkPluginsFolder: networkPluginsFolder(),
      binaries: programs,
    };
    const apiServerReady = progress.step('start the API server', async () => untilApiServerReady(api));
    const runtimesReady = progress.step('start containerd and import images', async () =>
      Promise.all(nodes.map(async (node) => startNodeRuntime(node, settings))),
    );
    await Promise.all([apiServerReady, runtimesReady]);
    await restartForgottenKubelets(api, nodes);
    const startedAt = Date.now();
    const starting = await findStopped(nodes);
    await Promise.all(nodes.map(startKubelet));
    await startControllers(plan, programs);
    await progress.step('set up storage and name service', async () => applyAddons(api, plan.dnsAddress));
    await progress.step(`wait until all ${String(nodes.length)} nodes are Ready`, async (detail) =>
      untilNodesReady(api, nodes, starting, startedAt, detail),
    );
    await writeKubeconfig();
    await progress.step('wait for the name service', async () => untilNameServiceReady(api));
  } finally {
    api.close();
  }
}

async function startNodeRuntime(node: NodeLayout, settings: NodeSettings): Promise<void> {
  await writeNodeConfiguration(node, settings);
  await startRuntime(node, settings);
  await importRecordedImages(node);
}

/** A kubelet registers its node once, when it starts; one whose node was deleted since must start again. */
async function restartForgottenKubelets(api: ClusterApi, nodes: readonly NodeLayout[]): Promise<void> {
  for (const node of nodes) {
    const name = nodeDaemonNames(node).kubelet;
    const running = await runningDaemon(name);
    if (running !== undefined && (await api.get(`/api/v1/nodes/${node.name}`)) === undefined) {
      await stopDaemon(name);
    }
  }
}

/** The names of the nodes whose kubelet does not run. */
async function findStopped(nodes: readonly NodeLayout[]): Promise<Set<string>> {
  const stopped = new Set<string>();
  for (const node of nodes) {
    if ((await runningDaemon(nodeDaemonNames(node).kubelet)) === undefined) {
      stopped.add(node.name);
    }
  }
  return stopped;
}

async function writeKubeconfig(): Promise<void> {
  await mkdir(dirname(kubeconfigPath), { recursive: true });
  await rm(kubeconfigPath, { force: true });
  await copyFile(join(clusterLayout.credentialsFolder, 'admin.kubeconfig'), kubeconfigPath);
}
