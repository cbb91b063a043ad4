import { join } from 'node:path';
import type { BinaryName } from '../binaries/index.ts';
import type { CertificateAuthority } from '../control-plane/certificates.ts';
import { joinFiles, readCgroupHierarchies } from './cgroups.ts';
import type { DaemonSpecification } from './daemon.ts';
import type { NodeLayout } from './layout.ts';
import { nodeNetwork } from './network-plan.ts';
import type { NetworkPlan } from './network-plan.ts';

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

/** Those of them that pods do not need Kubernetes for. */
export function nodeRuntimeNames(node: NodeLayout): string[] {
  const { mounts, containerd } = nodeDaemonNames(node);
  return [mounts, containerd];
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
