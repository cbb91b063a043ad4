import { clusterLayout, nodeLayout } from '../../cluster/bare/layout.ts';
import { runCommand, tryCommand } from '../../cluster/machine/command.ts';
import type { StageBase } from './stage.ts';

/** Decides what a node is. */
type OfProvider = Pick<StageBase, 'provider'>;

/** The file by which the network namespace of a node is entered. */
export async function networkNamespaceOf(stage: OfProvider, node: string): Promise<string> {
  if (stage.provider === 'bare') {
    return nodeLayout(Number(/\d+$/.exec(node)?.[0] ?? NaN)).networkNamespace;
  }
  const pid = await runCommand('docker', ['inspect', '--format', '{{.State.Pid}}', node]);
  return `/proc/${pid.trim()}/ns/net`;
}

/** A place that reaches the cluster as a node does, with a kube-proxy, and is none of the nodes; bare clusters only. */
export function gatewayNamespace(): string {
  return clusterLayout.gatewayNamespace;
}

/** Packets to drop, as arguments of an iptables rule without its chain and target. */
export type PacketMatch = readonly string[];

const CHAINS = ['FORWARD', 'INPUT', 'OUTPUT'] as const;
const COMMENT = ['-m', 'comment', '--comment', 'shardwright-chaos'];

/** Drops packets that pass the node's network namespace, to and from its pods, from now on; all of them from the same moment. */
export async function dropPackets(
  stage: OfProvider,
  node: string,
  matches: readonly PacketMatch[],
): Promise<void> {
  const namespace = await networkNamespaceOf(stage, node);
  const rules = matches.flatMap((match) =>
    CHAINS.map((chain) => ['-I', chain, '1', ...match, ...COMMENT, '-j', 'DROP'].join(' ')),
  );
  const input = ['*filter', ...rules, 'COMMIT', ''].join('\n');
  await runCommand('nsenter', [`--net=${namespace}`, '--', 'iptables-restore', '-w', '--noflush'], { input });
}

/** Takes all rules of {@link dropPackets} out of the node. */
export async function acceptPackets(stage: OfProvider, node: string): Promise<void> {
  const namespace = await networkNamespaceOf(stage, node);
  for (const chain of CHAINS) {
    const listing = await iptables(namespace, ['-S', chain]);
    for (const line of listing.split('\n').filter((rule) => rule.includes('shardwright-chaos'))) {
      const rule = line.replaceAll('"', '').split(' ').slice(2);
      await tryCommand('nsenter', [`--net=${namespace}`, '--', 'iptables', '-w', '-D', chain, ...rule]);
    }
  }
}

async function iptables(namespace: string, rule: readonly string[]): Promise<string> {
  return runCommand('nsenter', [`--net=${namespace}`, '--', 'iptables', '-w', ...rule]);
}
