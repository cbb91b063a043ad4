/** The commands that make and change a kind cluster. Pure: nothing here runs anything. */
import { dump } from 'js-yaml';
import type { ImageRequest } from '../images/builder.ts';
import type { ApiServerAction, NodeAction } from '../cluster-provider.ts';

/** The name of the kind cluster. */
export const kindClusterName = 'shardwright';

/** One command to run, in order with others. */
export interface PlannedCommand {
  /** What it is for, shown as progress. */
  readonly title: string;
  readonly program: 'kind' | 'docker';
  readonly arguments: readonly string[];
  readonly input?: string;
}

const zones = ['zone-a', 'zone-b', 'zone-c'];

/** kind's configuration: a control plane of its own, and `nodes` workers spread over three zones. */
export function kindConfiguration(nodes: number): string {
  const workers = Array.from({ length: nodes }, (_unused, index) => ({
    role: 'worker',
    labels: {
      'topology.kubernetes.io/region': 'local',
      'topology.kubernetes.io/zone': zones[index % zones.length],
    },
  }));
  return dump({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    nodes: [{ role: 'control-plane' }, ...workers],
  });
}

/** Makes the cluster, or reuses the one that is there; either way its kubeconfig is written. */
export function planUp(options: {
  readonly exists: boolean;
  /** Names of the nodes' containers that do not run. */
  readonly stopped: readonly string[];
  readonly nodes: number;
  readonly kubeconfigPath: string;
}): PlannedCommand[] {
  const { kubeconfigPath } = options;
  const name = ['--name', kindClusterName];
  const storageClass: PlannedCommand = {
    title: 'make the StorageClass local',
    program: 'docker',
    arguments: [
      'exec',
      '--interactive',
      `${kindClusterName}-control-plane`,
      'kubectl',
      '--kubeconfig=/etc/kubernetes/admin.conf',
      'apply',
      '--filename=-',
    ],
    input: localStorageClass(),
  };
  if (options.exists) {
    const starts = options.stopped.map((node): PlannedCommand => ({
      title: `start ${node}`,
      program: 'docker',
      arguments: ['start', node],
    }));
    const exportKubeconfig: PlannedCommand = {
      title: 'write the kubeconfig',
      program: 'kind',
      arguments: ['export', 'kubeconfig', ...name, '--kubeconfig', kubeconfigPath],
    };
    return [...starts, exportKubeconfig, storageClass];
  }
  return [
    {
      title: `make a kind cluster of ${String(options.nodes)} nodes`,
      program: 'kind',
      arguments: [
        'create',
        'cluster',
        ...name,
        '--config',
        '-',
        '--kubeconfig',
        kubeconfigPath,
        '--wait',
        '180s',
      ],
      input: kindConfiguration(options.nodes),
    },
    storageClass,
  ];
}

/** Removes the cluster. */
export function planDown(): PlannedCommand[] {
  return [
    {
      title: 'remove the kind cluster',
      program: 'kind',
      arguments: ['delete', 'cluster', '--name', kindClusterName],
    },
  ];
}

/**
 * What is done to one node. A node is cut off within its own container, since Docker would give it another address
 * when it is connected again; one rule each way drops what comes in, goes out or passes through.
 */
export function planNodeAction(action: NodeAction, node: string, running: boolean): PlannedCommand[] {
  const inNode = (title: string, ...script: string[]): PlannedCommand => ({
    title,
    program: 'docker',
    arguments: ['exec', node, 'sh', '-ec', script.join('\n')],
  });
  const inbound = '-t raw %s PREROUTING -i eth0 -j DROP';
  const outbound = '-t mangle %s POSTROUTING -o eth0 -j DROP';
  const kill: PlannedCommand = {
    title: `kill everything on ${node}`,
    program: 'docker',
    arguments: ['kill', node],
  };
  const start: PlannedCommand = {
    title: `start ${node} again`,
    program: 'docker',
    arguments: ['start', node],
  };
  switch (action) {
    case 'kill':
      return running ? [kill] : [];
    case 'restart':
      return running ? [kill, start] : [start];
    case 'isolate':
      return running
        ? [
            inNode(
              `cut off ${node}`,
              ...[inbound, outbound].map((text) => `${rule(text, '-C')} 2>/dev/null || ${rule(text, '-I')}`),
            ),
          ]
        : [];
    case 'heal':
      return running
        ? [
            inNode(
              `connect ${node} again`,
              ...[inbound, outbound].map((text) => `while ${rule(text, '-D')} 2>/dev/null; do :; done`),
            ),
          ]
        : [];
    default:
      return action satisfies never;
  }
}

/** What stops or starts the API server: its kubelet runs what lies in this folder. */
export function planApiServer(action: ApiServerAction): PlannedCommand[] {
  const [wanted, other] = ['/etc/kubernetes/manifests', '/etc/kubernetes'];
  const [to, from] = action === 'start' ? [wanted, other] : [other, wanted];
  const script = `test ! -e ${from}/kube-apiserver.yaml || mv ${from}/kube-apiserver.yaml ${to}/`;
  return [
    {
      title: `${action} the API server`,
      program: 'docker',
      arguments: ['exec', `${kindClusterName}-control-plane`, 'sh', '-ec', script],
    },
  ];
}

function rule(text: string, verb: string): string {
  return `iptables ${text.replace('%s', verb)}`;
}

/** Builds an image with Docker. */
export function planBuild(request: ImageRequest): PlannedCommand[] {
  const buildArguments = Object.entries(request.buildArguments ?? {}).flatMap(([name, value]) => [
    '--build-arg',
    `${name}=${value}`,
  ]);
  return [
    {
      title: `build image ${request.tag}`,
      program: 'docker',
      arguments: [
        'build',
        '--tag',
        request.tag,
        '--file',
        request.dockerfile,
        ...buildArguments,
        request.context,
      ],
    },
  ];
}

/** Brings an image to all nodes. */
export function planLoad(tag: string): PlannedCommand[] {
  return [
    {
      title: `load ${tag} into all nodes`,
      program: 'kind',
      arguments: ['load', 'docker-image', tag, '--name', kindClusterName],
    },
  ];
}

/** kind's own provisioner under the name that the bare cluster uses; its folders are writable by any user. */
function localStorageClass(): string {
  return dump({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'local' },
    provisioner: 'rancher.io/local-path',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
}
