import { join } from 'node:path';
import { clusterInstance } from '../machine/folders.ts';
import { maximumNodes } from './network-plan.ts';

/** The state folders of all clusters of this machine. */
export const stateParentFolder = '/var/lib/shardwright';

/** Everything the cluster keeps on this machine. */
export const stateFolder = join(
  stateParentFolder,
  clusterInstance === '' ? 'cluster' : `cluster-${clusterInstance}`,
);

/** The name of the cgroup, in every hierarchy, that holds all processes of the cluster. */
export const rootCgroup = clusterInstance === '' ? 'shardwright' : `shardwright-${clusterInstance}`;

/** How the names of the cluster's network interfaces begin; the kernel allows fifteen characters. */
const interfacePrefix = clusterInstance === '' ? 'shardwright' : `sw-${clusterInstance}`;

/** The bridge of all nodes. */
export const bridgeName = `${interfacePrefix}0`;

/** Paths of one node. */
export interface NodeLayout {
  readonly name: string;
  /** Counted from 1. */
  readonly number: number;
  readonly zone: string;
  readonly folder: string;
  /** The host's end of the node's cable. */
  readonly hostInterface: string;
  /** The node's network namespace, held by a mount on this file. */
  readonly networkNamespace: string;
  /** containerd's persistent store: images and snapshots. */
  readonly containerdFolder: string;
  readonly configurationFolder: string;
  /** Seen as /run by the node's processes, and emptied whenever the node starts. */
  readonly runFolder: string;
  /** Seen as /var/log by the node's processes. */
  readonly logFolder: string;
  /** Seen as /var/lib/kubelet. */
  readonly kubeletFolder: string;
  /** Seen as /var/lib/cni. */
  readonly cniFolder: string;
  /** The node's local persistent volumes. */
  readonly volumesFolder: string;
  /** One file for each image that containerd has. */
  readonly imagesFolder: string;
  /** containerd's socket, as seen from the host. */
  readonly containerdSocket: string;
  /** The cgroup of the node; its pods are below it, its own programs in `system`. */
  readonly cgroup: string;
  readonly systemCgroup: string;
}

/** Paths of the whole cluster. */
export const clusterLayout = {
  stateFile: join(stateFolder, 'cluster.json'),
  lockFile: `${stateFolder}.lock`,
  credentialsFolder: join(stateFolder, 'credentials'),
  etcdFolder: join(stateFolder, 'etcd'),
  daemonsFolder: join(stateFolder, 'daemons'),
  logsFolder: join(stateFolder, 'logs'),
  imagesFile: join(stateFolder, 'images.json'),
  gatewayNamespace: join(stateFolder, 'gateway-namespace'),
  gatewayInterface: `${interfacePrefix}-gw`,
  gatewayProxyConfiguration: join(stateFolder, 'gateway-proxy.yaml'),
  controlPlaneCgroup: `${rootCgroup}/control-plane`,
} as const;

const zones = ['zone-a', 'zone-b', 'zone-c'];

/** The paths of node `number`, counted from 1. */
export function nodeLayout(number: number): NodeLayout {
  const name = `node-${String(number)}`;
  const folder = join(stateFolder, 'nodes', name);
  return {
    name,
    number,
    zone: zones[(number - 1) % zones.length] ?? 'zone-a',
    folder,
    hostInterface: `${interfacePrefix}-n${String(number)}`,
    networkNamespace: join(folder, 'network-namespace'),
    containerdFolder: join(folder, 'containerd'),
    configurationFolder: join(folder, 'configuration'),
    runFolder: join(folder, 'run'),
    logFolder: join(folder, 'log'),
    kubeletFolder: join(folder, 'kubelet'),
    cniFolder: join(folder, 'cni'),
    volumesFolder: join(folder, 'volumes'),
    imagesFolder: join(folder, 'images'),
    containerdSocket: join(folder, 'run', 'containerd', 'containerd.sock'),
    cgroup: `${rootCgroup}/${name}`,
    systemCgroup: `${rootCgroup}/${name}/system`,
  };
}

/** The layouts of nodes 1 to `count`. */
export function nodeLayouts(count: number): NodeLayout[] {
  return Array.from({ length: Math.min(count, maximumNodes) }, (_unused, index) => nodeLayout(index + 1));
}
