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
  const { items } = await kubectl.get<Nodes>(['nodes']);
  const nodes = items
    .filter(({ metadata }) => metadata.labels?.[CONTROL_PLANE] === undefined)
    .map(({ metadata }) => metadata.name)
    .slice(0, count);
  const path = `/mnt/${name}`;
  const removeFrom = (node: string): Promise<string> =>
    runOnNode(node, [
      'sh',
      '-c',
      `while mountpoint -q ${path}-${node}; do umount ${path}-${node}; done; rm -rf ${path}-${node}`,
    ]);
  for (const node of nodes) {
    await removeFrom(node);
    const size = `size=${String(mebibytes)}m`;
    await runOnNode(node, [
      'sh',
      '-ec',
      `mkdir -p ${path}-${node}; mount -t tmpfs -o ${size} tmpfs ${path}-${node}`,
    ]);
  }
  const objects = [
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
    ...nodes.map((node) => volume(`${name}-${node}`, node, `${path}-${node}`, name)),
  ];
  for (const object of objects) {
    await kubectl.apply(JSON.stringify(object));
  }
  return {
    storageClassName: name,
    async remove() {
      const names = nodes.map((node) => `persistentvolume/${name}-${node}`);
      await kubectl.run(['delete', `storageclass/${name}`, ...names, '--ignore-not-found', '--wait=false']);
      for (const node of nodes) {
        await removeFrom(node);
      }
    },
  };
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
