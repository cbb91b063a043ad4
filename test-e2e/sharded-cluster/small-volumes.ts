/** Volumes that are really small: the cluster's own are folders without a limit. Each lies in a node's memory. */
import type { Kubectl } from '../install/kubectl.ts';
import { runOnNode } from '../cluster/provider.ts';

interface Nodes {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  }[];
}

const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';

export interface SmallVolumes {
  /** Class that gives them, one for each claim. */
  readonly storageClassName: string;
  remove(): Promise<void>;
}

/**
 * Makes volumes of that many bytes on as many nodes, under a StorageClass of their own. They say to be of 1Gi, which
 * is the least that a spec may ask for.
 */
export async function makeSmallVolumes(
  kubectl: Kubectl,
  name: string,
  { count, mebibytes }: { readonly count: number; readonly mebibytes: number },
): Promise<SmallVolumes> {
  const nodes = (await listNodes(kubectl)).slice(0, count);
  for (const node of nodes) {
    const path = smallVolumePath(name, node);
    await removeFrom(name, node);
    const size = `size=${String(mebibytes)}m`;
    await runOnNode(node, ['sh', '-ec', `mkdir -p ${path}; mount -t tmpfs -o ${size} tmpfs ${path}`]);
  }
  const objects = [
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
    ...nodes.map((node) => volume(`${name}-${node}`, node, smallVolumePath(name, node), name)),
  ];
  for (const object of objects) {
    await kubectl.apply(JSON.stringify(object));
  }
  return {
    storageClassName: name,
    remove: () => removeSmallVolumes(kubectl, name),
  };
}

/** Removes what {@link makeSmallVolumes} made under that name, on whatever nodes, if anything. No pod may use it any more. */
export async function removeSmallVolumes(kubectl: Kubectl, name: string): Promise<void> {
  const nodes = await listNodes(kubectl);
  const names = nodes.map((node) => `persistentvolume/${name}-${node}`);
  await kubectl.run(['delete', `storageclass/${name}`, ...names, '--ignore-not-found', '--wait=false']);
  for (const node of nodes) {
    await removeFrom(name, node);
  }
}

/** Where a small volume is mounted on its node. */
export function smallVolumePath(name: string, node: string): string {
  return `/mnt/${name}-${node}`;
}

async function listNodes(kubectl: Kubectl): Promise<readonly string[]> {
  const { items } = await kubectl.get<Nodes>(['nodes']);
  return items
    .filter(({ metadata }) => metadata.labels?.[CONTROL_PLANE] === undefined)
    .map(({ metadata }) => metadata.name);
}

async function removeFrom(name: string, node: string): Promise<void> {
  const path = smallVolumePath(name, node);
  await runOnNode(node, ['sh', '-c', `while mountpoint -q ${path}; do umount ${path}; done; rm -rf ${path}`]);
}

function volume(name: string, node: string, path: string, storageClassName: string): object {
  const isNode = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName,
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [isNode] }] } },
    },
  };
}
