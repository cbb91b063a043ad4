/** Volumes that are really small: the cluster's own are folders without a limit. Each lies in a node's memory. */
import type { Kubectl } from '../install/kubectl.ts';
import { runOnNode } from '../cluster/provider.ts';

interface Nodes {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  }[];
}

const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';
const CLASS_LABEL = 'shardwright.io/small-volumes';

export interface SmallVolumes {
  /** Class that gives them, one for each claim. */
  readonly storageClassName: string;
  remove(): Promise<void>;
}

/** What small volumes there are to be. */
interface SmallVolumesOptions {
  /** Nodes that have some. */
  readonly count: number;
  /** Volumes of each. @default 1 */
  readonly perNode?: number;
  readonly mebibytes: number;
}

/**
 * Makes volumes of that many bytes on as many nodes, under a StorageClass of their own. They say to be of 1Gi, which
 * is the least that a spec may ask for.
 */
export async function makeSmallVolumes(
  kubectl: Kubectl,
  name: string,
  { count, perNode = 1, mebibytes }: SmallVolumesOptions,
): Promise<SmallVolumes> {
  const volumes: object[] = [];
  for (const node of (await listNodes(kubectl)).slice(0, count)) {
    await removeFrom(name, node);
    for (let index = 0; index < perNode; index += 1) {
      const volume = smallVolumeName(name, node, index);
      const path = smallVolumePath(volume);
      const size = `size=${String(mebibytes)}m`;
      await runOnNode(node, ['sh', '-ec', `mkdir -p ${path}; mount -t tmpfs -o ${size} tmpfs ${path}`]);
      volumes.push(volumeObject(volume, node, name));
    }
  }
  const objects = [
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
    ...volumes,
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
  await kubectl.run(['delete', `storageclass/${name}`, '--ignore-not-found']);
  await kubectl.run(['delete', 'persistentvolumes', `--selector=${CLASS_LABEL}=${name}`, '--wait=false']);
  for (const node of nodes) {
    await removeFrom(name, node);
  }
}

/** Name of a small volume of a node, by the name of them all. */
export function smallVolumeName(name: string, node: string, index = 0): string {
  return `${name}-${node}-${index}`;
}

/** Where a small volume is mounted on its node. */
export function smallVolumePath(volume: string): string {
  return `/mnt/${volume}`;
}

async function listNodes(kubectl: Kubectl): Promise<readonly string[]> {
  const { items } = await kubectl.get<Nodes>(['nodes']);
  return items
    .filter(({ metadata }) => metadata.labels?.[CONTROL_PLANE] === undefined)
    .map(({ metadata }) => metadata.name);
}

async function removeFrom(name: string, node: string): Promise<void> {
  const script = `for path in ${smallVolumePath(name)}-${node}-*; do
      while mountpoint -q $path; do umount $path; done
      rm -rf $path
    done`;
  await runOnNode(node, ['sh', '-c', script]);
}

function volumeObject(name: string, node: string, storageClassName: string): object {
  const isNode = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, labels: { [CLASS_LABEL]: storageClassName } },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName,
      local: { path: smallVolumePath(name) },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [isNode] }] } },
    },
  };
}
