import { join } from 'node:path';
import { openClusterApi } from '../api/client.ts';
import type { ClusterApi } from '../api/client.ts';
import { ClusterError } from '../failure.ts';
import { ensureBaseImage } from '../images/base-image.ts';
import { buildWithBuildah } from '../images/builder.ts';
import { runCommand } from '../machine/command.ts';
import { withFileLock } from '../machine/file-lock.ts';
import { waitFor } from '../machine/wait.ts';
import type { ApiServerAction, ClusterProvider, ClusterStatus, NodeAction } from '../cluster-provider.ts';
import type { Progress } from '../progress.ts';
import { actOnApiServer } from './control-plane.ts';
import { processesIn, readCgroupHierarchies } from './cgroups.ts';
import { runningDaemon } from './daemon.ts';
import { removeEmptyParent, tearDown } from './down.ts';
import { findUnhealthy, isNodeReady } from './health.ts';
import type { ReadySince } from './health.ts';
import { clusterLayout, nodeLayouts, rootCgroup } from './layout.ts';
import type { NodeLayout } from './layout.ts';
import { cableState, setCable } from './network.ts';
import { importImage, importRecordedImages, recordImage } from './node-images.ts';
import { nodeDaemonNames } from './node-daemons.ts';
import { killNode, restartRuntime, startKubelet } from './node.ts';
import { nodeProxyName, restartFollowers, serviceFollowers } from './followers.ts';
import { untilApiServerReady } from './readiness.ts';
import { ensureRequirements, requireRootOnLinux } from './requirements.ts';
import { readState } from './state.ts';
import { bringUp } from './up.ts';

const readyTimeoutMilliseconds = 180_000;

/** The cluster on a bare machine: every node is a set of processes with its own namespaces and cgroups. */
export const bareProvider: ClusterProvider = {
  name: 'bare',
  up: async (nodes, progress) => locked(progress, async () => bringUp(nodes, progress)),
  async down(progress) {
    await locked(progress, async () => progress.step('remove the cluster', tearDown));
    await removeEmptyParent();
  },
  node: async (action, name, progress) =>
    locked(progress, async () => actOnNode(action, await findNode(name), progress)),
  async runOnNode(name, command) {
    const mounts = await runningDaemon(nodeDaemonNames(await findNode(name)).mounts);
    if (mounts === undefined) {
      throw new ClusterError('NotFound', `${name} does not run`);
    }
    const [program = '', ...rest] = command;
    return runCommand('nsenter', [`--mount=/proc/${String(mounts.pid)}/ns/mnt`, '--', program, ...rest]);
  },
  apiServer: async (action, progress) =>
    locked(progress, async () =>
      progress.step(`${action} the API server`, () => stopOrStartApiServer(action)),
    ),
  status,
  async baseImage(progress) {
    await ensureRequirements(progress);
    return ensureBaseImage(progress);
  },
  async buildImage(request, progress) {
    await ensureRequirements(progress);
    return buildWithBuildah(request, progress);
  },
  async loadImage(image, progress) {
    await requireCluster();
    await recordImage(image);
    const running = await runningNodes();
    await progress.step(`load ${image.tag} into ${running.map((node) => node.name).join(', ')}`, async () => {
      await Promise.all(running.map(async (node) => importImage(node, image)));
    });
  },
};

async function stopOrStartApiServer(action: ApiServerAction): Promise<void> {
  await actOnApiServer(action);
  if (action === 'start') {
    await withApi(untilApiServerReady);
    await restartFollowers(serviceFollowers(await runningNodes()));
  }
}

async function actOnNode(action: NodeAction, node: NodeLayout, progress: Progress): Promise<void> {
  switch (action) {
    case 'kill':
      await progress.step(`kill everything on ${node.name}`, async () => killNode(node));
      return;
    case 'isolate':
      await progress.step(`cut the cable of ${node.name}`, async () => setCable(node, 'down'));
      return;
    case 'heal':
      await progress.step(`mend the cable of ${node.name}`, async () => setCable(node, 'up'));
      if ((await runningDaemon(nodeDaemonNames(node).kubelet)) === undefined) {
        progress.note(`${node.name} is killed; \`cluster:node -- restart ${node.name}\` starts it`);
        return;
      }
      await untilReady(node, { kind: 'connected', time: Date.now() }, progress);
      await restartFollowers([nodeProxyName(node)]);
      return;
    case 'restart': {
      const time = Date.now();
      await progress.step(`start ${node.name} again`, async () => {
        await restartRuntime(node);
        await importRecordedImages(node);
        await startKubelet(node);
      });
      if (cableState(node) === 'up') {
        await untilReady(node, { kind: 'started', time }, progress);
      } else {
        progress.note(`${node.name} is cut off; \`cluster:node -- heal ${node.name}\` connects it`);
      }
      return;
    }
    default:
      action satisfies never;
  }
}

async function untilReady(node: NodeLayout, since: ReadySince, progress: Progress): Promise<void> {
  await progress.step(`wait until ${node.name} is Ready`, async () =>
    withApi(async (api) =>
      waitFor(
        `${node.name} to become Ready`,
        async () => ((await isNodeReady(api, node.name, since)) ? true : undefined),
        {
          timeoutMilliseconds: readyTimeoutMilliseconds,
          remedy: `The logs are in ${clusterLayout.logsFolder}.`,
        },
      ),
    ),
  );
}

async function withApi<T>(action: (api: ClusterApi) => Promise<T>): Promise<T> {
  const api = openClusterApi(join(clusterLayout.credentialsFolder, 'admin.kubeconfig'));
  try {
    return await action(api);
  } finally {
    api.close();
  }
}

async function findNode(name: string): Promise<NodeLayout> {
  const { nodeCount } = await requireCluster();
  const nodes = nodeLayouts(nodeCount);
  const found = nodes.find((node) => node.name === name);
  if (found === undefined) {
    throw new ClusterError('NotFound', `There is no node '${name}'.`, {
      remedy: `The nodes are ${nodes.map((node) => node.name).join(', ')}.`,
    });
  }
  return found;
}

async function requireCluster(): Promise<{ nodeCount: number }> {
  const state = await readState();
  if (state === undefined) {
    throw new ClusterError('NotFound', 'There is no cluster on this machine.', {
      remedy: 'Run `npm run cluster:up`.',
    });
  }
  return state;
}

async function runningNodes(): Promise<NodeLayout[]> {
  const { nodeCount } = await requireCluster();
  const running: NodeLayout[] = [];
  for (const node of nodeLayouts(nodeCount)) {
    if ((await runningDaemon(nodeDaemonNames(node).containerd)) !== undefined) {
      running.push(node);
    }
  }
  return running;
}

async function status(): Promise<ClusterStatus> {
  requireRootOnLinux();
  const state = await readState();
  if (state === undefined) {
    return { healthy: false, description: 'There is no cluster on this machine.' };
  }
  const reasons = await findUnhealthy(state);
  const lines = [
    `provider bare, made by ${state.checkout}, ${String(processesIn(readCgroupHierarchies(), rootCgroup).length)} processes`,
    ...(reasons.length === 0 ? ['healthy'] : reasons.map((reason) => `- ${reason}`)),
  ];
  for (const node of nodeLayouts(state.nodeCount)) {
    const kubelet = await runningDaemon(nodeDaemonNames(node).kubelet);
    lines.push(
      `${node.name}  ${node.zone}  kubelet ${kubelet === undefined ? 'down' : `process ${String(kubelet.pid)}`}  cable ${cableState(node) ?? 'missing'}`,
    );
  }
  return { healthy: reasons.length === 0, description: lines.join('\n') };
}

async function locked<T>(progress: Progress, action: () => Promise<T>): Promise<T> {
  requireRootOnLinux();
  return withFileLock(clusterLayout.lockFile, action, (holder) =>
    progress.note(`waiting for process ${String(holder)}, which changes the cluster now`),
  );
}
