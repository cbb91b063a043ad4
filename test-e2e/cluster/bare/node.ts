import { existsSync, statfsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import type { BinaryName } from '../binaries/index.ts';
import type { CertificateAuthority } from '../control-plane/certificates.ts';
import { writeKeyPair } from '../control-plane/certificates.ts';
import { writeClientKubeconfig } from '../control-plane/credentials.ts';
import { ClusterError } from '../failure.ts';
import { waitFor } from '../machine/wait.ts';
import { joinFiles, makeCgroup, readCgroupHierarchies } from './cgroups.ts';
import {
  ensureRunning,
  listDaemons,
  logTail,
  readSpecification,
  runningDaemon,
  stopDaemon,
  writeSpecification,
} from './daemon.ts';
import type { DaemonSpecification } from './daemon.ts';
import { clusterLayout } from './layout.ts';
import type { NodeLayout } from './layout.ts';
import { nodeNetwork } from './network-plan.ts';
import type { NetworkPlan } from './network-plan.ts';
import {
  containerdConfiguration,
  kubeletConfiguration,
  podNetworkConfiguration,
  proxyConfiguration,
} from './node-configuration.ts';
import { killCgroup, removeCgroupSoon } from './processes.ts';

/** What all nodes of a cluster share. */
export interface NodeSettings {
  readonly plan: NetworkPlan;
  readonly clusterDomain: string;
  readonly server: string;
  readonly authority: CertificateAuthority;
  readonly pauseImage: string;
  readonly networkPluginsFolder: string;
  readonly binaries: Readonly<Record<Extract<BinaryName, 'kubelet' | 'kube-proxy'>, string>>;
}

/** A magic number of statfs(2): an overlay cannot be stacked on an overlay. */
export const overlayFileSystem = 0x794c7630;
/** The bit of CAP_SYS_RESOURCE in /proc/self/status. */
const resourceCapability = 24n;

/** The daemons of a node, in the order they start. */
export function nodeDaemonNames(node: NodeLayout): {
  mounts: string;
  containerd: string;
  kubelet: string;
  proxy: string;
} {
  return {
    mounts: `${node.name}-mounts`,
    containerd: `${node.name}-containerd`,
    kubelet: `${node.name}-kubelet`,
    proxy: `${node.name}-kube-proxy`,
  };
}

function nodeRuntimeNames(node: NodeLayout): string[] {
  const { mounts, containerd } = nodeDaemonNames(node);
  return [mounts, containerd];
}

/** Writes a node's certificates and configuration files; certificates that exist are kept. */
export async function writeNodeConfiguration(node: NodeLayout, settings: NodeSettings): Promise<void> {
  const { plan } = settings;
  const network = nodeNetwork(plan, node.number);
  const file = (name: string): string => join(node.configurationFolder, name);
  for (const folder of [
    node.containerdFolder,
    node.logFolder,
    node.kubeletFolder,
    node.cniFolder,
    node.volumesFolder,
    node.imagesFolder,
    join(node.configurationFolder, 'network'),
  ]) {
    await mkdir(folder, { recursive: true });
  }
  await copyFile(join(clusterLayout.credentialsFolder, 'authority.crt'), file('authority.crt'));
  if (!existsSync(file('kubelet.crt'))) {
    const serving = await settings.authority.issue({
      commonName: `system:node:${node.name}`,
      organizations: ['system:nodes'],
      dnsNames: [node.name],
      ipAddresses: [network.address],
    });
    await writeKeyPair(node.configurationFolder, 'kubelet', serving);
    const credentials = {
      folder: node.configurationFolder,
      server: settings.server,
      authority: settings.authority,
    };
    await writeClientKubeconfig(credentials, 'kubelet', `system:node:${node.name}`, ['system:nodes']);
    await writeClientKubeconfig(credentials, 'kube-proxy', 'system:kube-proxy');
  }
  const containerd = containerdConfiguration(node, {
    pauseImage: settings.pauseImage,
    networkPluginsFolder: settings.networkPluginsFolder,
    snapshotter: statfsSync(node.containerdFolder).type === overlayFileSystem ? 'native' : 'overlayfs',
    restrictOomScore: !hasResourceCapability(readFileSync('/proc/self/status', 'utf8')),
  });
  await writeFile(file('containerd.toml'), containerd);
  await writeFile(
    join(node.configurationFolder, 'network', '10-shardwright.conflist'),
    podNetworkConfiguration(network, plan),
  );
  await writeFile(file('kubelet.yaml'), dump(kubeletConfiguration(node, plan, settings.clusterDomain)));
  await writeFile(
    file('kube-proxy.yaml'),
    dump(proxyConfiguration(file('kube-proxy.kubeconfig'), node.name, plan)),
  );
  await writeFile(
    file('resolv.conf'),
    "# Nodes of this cluster reach no name server but the cluster's own.\n",
  );
}

/** Whether the text of /proc/self/status grants CAP_SYS_RESOURCE. */
export function hasResourceCapability(status: string): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> resourceCapability) & 1n) === 1n;
}

/** The daemons of a node. The first holds the node's own view of the file system open for the others. */
export function nodeDaemons(node: NodeLayout, settings: NodeSettings): DaemonSpecification[] {
  const names = nodeDaemonNames(node);
  const network = nodeNetwork(settings.plan, node.number);
  const file = (name: string): string => join(node.configurationFolder, name);
  const common = {
    joinFiles: joinFiles(readCgroupHierarchies(), node.systemCgroup),
    networkNamespace: node.networkNamespace,
    restart: 'always',
    wanted: true,
  } as const;
  return [
    {
      ...common,
      restart: 'never',
      name: names.mounts,
      program: 'unshare',
      arguments: ['--mount', '--propagation', 'slave', '--', '/bin/sh', '-ec', mountScript(node)],
    },
    {
      ...common,
      name: names.containerd,
      mountsOf: names.mounts,
      program: 'containerd',
      arguments: ['--config', file('containerd.toml'), '--log-level', 'warn'],
    },
    {
      ...common,
      name: names.kubelet,
      mountsOf: names.mounts,
      program: settings.binaries.kubelet,
      arguments: [
        `--config=${file('kubelet.yaml')}`,
        `--kubeconfig=${file('kubelet.kubeconfig')}`,
        `--hostname-override=${node.name}`,
        `--node-ip=${network.address}`,
        `--node-labels=topology.kubernetes.io/region=local,topology.kubernetes.io/zone=${node.zone}`,
        '--v=1',
      ],
    },
    {
      ...common,
      name: names.proxy,
      mountsOf: names.mounts,
      program: settings.binaries['kube-proxy'],
      arguments: [`--config=${file('kube-proxy.yaml')}`],
    },
  ];
}

/**
 * Gives the node its own /run, /var/log and so on. They are mounts of the node's processes alone: when the
 * last of these dies, so do all mounts of its pods, as on a machine that loses power.
 */
function mountScript(node: NodeLayout): string {
  return [
    'mount --make-rshared /',
    `mount --bind ${node.kubeletFolder} /var/lib/kubelet`,
    `mount --bind ${node.cniFolder} /var/lib/cni`,
    `mount --bind ${node.logFolder} /var/log`,
    `mount --bind ${node.runFolder} /run`,
    'mkdir -p /run/lock',
    'touch /run/node-is-set-up',
    'exec sleep infinity',
  ].join('\n');
}

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
  await untilExists(join(node.runFolder, 'node-is-set-up'), names.mounts);
  await ensureRunning(names.containerd);
  await untilExists(node.containerdSocket, names.containerd);
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

async function untilExists(path: string, daemon: string): Promise<void> {
  await waitFor(
    `${path} to appear`,
    async () => {
      if ((await runningDaemon(daemon)) === undefined) {
        throw new ClusterError('NotFound', `${daemon} ended:\n${logTail(daemon)}`);
      }
      return existsSync(path) ? true : undefined;
    },
    { timeoutMilliseconds: 30_000, everyMilliseconds: 30 },
  );
}
