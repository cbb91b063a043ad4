import { clusterLayout, nodeLayout } from '../../cluster/bare/layout.ts';
import { runCommand, tryCommand } from '../../cluster/machine/command.ts';
import type { Stage } from './stage.ts';

/** The file by which the network namespace of a node is entered. */
export async function networkNamespaceOf(stage: Stage, node: string): Promise<string> {
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

const COMMENT = ['-m', 'comment', '--comment', 'shardwright-chaos'];

/** Drops packets that pass the node's network namespace, to and from its pods, from now on. */
export async function dropPackets(
  stage: Stage,
  node: string,
  matches: readonly PacketMatch[],
): Promise<void> {
  const namespace = await networkNamespaceOf(stage, node);
  for (const match of matches) {
    for (const chain of ['FORWARD', 'INPUT', 'OUTPUT']) {
      await iptables(namespace, ['-I', chain, '1', ...match, ...COMMENT, '-j', 'DROP']);
    }
  }
}

/** Takes all rules of {@link dropPackets} out of the node. */
export async function acceptPackets(stage: Stage, node: string): Promise<void> {
  const namespace = await networkNamespaceOf(stage, node);
  for (const chain of ['FORWARD', 'INPUT', 'OUTPUT']) {
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
