import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { runCommand, tryCommand } from '../machine/command.ts';
import { bridgeName, clusterLayout } from './layout.ts';
import type { NodeLayout } from './layout.ts';
import { nodeNetwork } from './network-plan.ts';
import type { NetworkPlan } from './network-plan.ts';

/** The rule that lets frames pass between nodes where the host's firewall would drop them. */
const forwardRule = [
  'FORWARD',
  '-i',
  bridgeName,
  '-o',
  bridgeName,
  '-j',
  'ACCEPT',
  '-m',
  'comment',
  '--comment',
  'shardwright',
];

/** Far behind every real route: what is meant for the cluster never leaves the machine when the bridge is down. */
const guardMetric = '4278198272';

/** Destinations of the host's routes, without those that an earlier start of this cluster made. */
export async function readForeignRoutes(): Promise<string[]> {
  const text = await runCommand('ip', ['-j', '-4', 'route', 'show', 'table', 'all']);
  const routes = JSON.parse(text) as { dst: string; dev?: string; metric?: number }[];
  return routes
    .filter((route) => route.dev !== bridgeName && String(route.metric) !== guardMetric)
    .map((route) => route.dst);
}

/** The ranges of this cluster, as its bridge's own routes tell; the guard route of a range has the same /16. */
async function readGuardedRanges(): Promise<string[]> {
  const routes = JSON.parse(await runCommand('ip', ['-j', '-4', 'route', 'show'])) as {
    dst: string;
    dev?: string;
  }[];
  const own = routes
    .filter((route) => route.dev === bridgeName)
    .map((route) => route.dst.split('.', 2).join('.'));
  return [...new Set(own)].map((prefix) => `${prefix}.0.0/16`);
}

/** Makes the bridge, the gateway and the host's routes; what exists is left as it is. */
export async function ensureHostNetwork(plan: NetworkPlan, nodes: readonly NodeLayout[]): Promise<void> {
  if (!interfaceExists(bridgeName)) {
    // A bridge without an address of its own changes it with every cable, and neighbours lose sight of it.
    await ip(['link', 'add', bridgeName, 'address', '02:73:77:00:00:01', 'type', 'bridge']);
  }
  await ip(['address', 'replace', `${plan.hostAddress}/${String(plan.nodePrefixLength)}`, 'dev', bridgeName]);
  await ip(['link', 'set', bridgeName, 'up']);
  await allowForwarding();
  await ip(['route', 'replace', 'unreachable', plan.range, 'metric', guardMetric]);
  await ensureNamespace(clusterLayout.gatewayNamespace);
  await ensureCable(clusterLayout.gatewayInterface, clusterLayout.gatewayNamespace);
  await configureNamespace(clusterLayout.gatewayNamespace, plan, plan.gatewayAddress, nodes, undefined);
  await ip(['route', 'replace', plan.serviceRange, 'via', plan.gatewayAddress, 'dev', bridgeName]);
  for (const node of nodes) {
    const { podSubnet, address } = nodeNetwork(plan, node.number);
    await ip(['route', 'replace', podSubnet, 'via', address, 'dev', bridgeName]);
  }
}

/** Makes a node's network namespace and its cable to the bridge; heals the cable when it was cut. */
export async function ensureNodeNetwork(
  plan: NetworkPlan,
  node: NodeLayout,
  nodes: readonly NodeLayout[],
): Promise<void> {
  const own = nodeNetwork(plan, node.number);
  await ensureNamespace(node.networkNamespace);
  await ensureCable(node.hostInterface, node.networkNamespace);
  await configureNamespace(node.networkNamespace, plan, own.address, nodes, node);
}

/** Cuts the node's cable (link down at the host's end) or mends it. */
export async function setCable(node: NodeLayout, state: 'up' | 'down'): Promise<void> {
  await ip(['link', 'set', node.hostInterface, state]);
}

/** Whether the node's cable is up; undefined when it does not exist. */
export function cableState(node: NodeLayout): 'up' | 'down' | undefined {
  try {
    const flags = readFileSync(`/sys/class/net/${node.hostInterface}/flags`, 'utf8');
    return (Number(flags) & 1) === 1 ? 'up' : 'down';
  } catch {
    return undefined;
  }
}

/** Removes the bridge, all cables, routes and the firewall rule. The namespaces are unmounted elsewhere. */
export async function removeHostNetwork(): Promise<void> {
  for (const range of await readGuardedRanges()) {
    await tryCommand('ip', ['route', 'delete', 'unreachable', range, 'metric', guardMetric]);
  }
  const links = JSON.parse(await runCommand('ip', ['-j', 'link', 'show'])) as {
    ifname: string;
    master?: string;
  }[];
  for (const link of links.filter((candidate) => candidate.master === bridgeName)) {
    await tryCommand('ip', ['link', 'delete', link.ifname]);
  }
  if (interfaceExists(bridgeName)) {
    await ip(['link', 'delete', bridgeName]);
  }
  if (!(await forwardsByDefault())) {
    await tryCommand('iptables', ['-D', ...forwardRule]);
  }
}

async function ensureNamespace(file: string): Promise<void> {
  if (isMounted(file)) {
    return;
  }
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, '');
  await runCommand('unshare', [`--net=${file}`, '--', 'true']);
}

async function ensureCable(hostInterface: string, namespace: string): Promise<void> {
  if (!interfaceExists(hostInterface)) {
    await ip(['link', 'add', hostInterface, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace]);
  }
  await ip(['link', 'set', hostInterface, 'master', bridgeName, 'up']);
}

async function configureNamespace(
  namespace: string,
  plan: NetworkPlan,
  address: string,
  nodes: readonly NodeLayout[],
  self: NodeLayout | undefined,
): Promise<void> {
  const routes = nodes
    .filter((node) => node.number !== self?.number)
    .map((node) => nodeNetwork(plan, node.number))
    .map((other) => `route replace ${other.podSubnet} via ${other.address} dev eth0`);
  const commands = [
    'link set lo up',
    `address replace ${address}/${String(plan.nodePrefixLength)} dev eth0`,
    'link set eth0 up',
    `route replace default via ${plan.hostAddress} dev eth0`,
    ...routes,
  ];
  const inside = [`--net=${namespace}`, '--'];
  await runCommand('nsenter', [...inside, 'ip', '-batch', '-'], { input: `${commands.join('\n')}\n` });
  const settings = {
    'net/ipv4/ip_forward': '1',
    // The gateway sends packets back out of the interface they came in by; that is meant so.
    'net/ipv4/conf/all/send_redirects': '0',
    'net/ipv4/conf/eth0/send_redirects': '0',
    // Answers between pods of one bridge must pass the rules that made the request reach a Service.
    'net/bridge/bridge-nf-call-iptables': '1',
  };
  const script = Object.entries(settings).map(
    ([name, value]) => `if [ -e /proc/sys/${name} ]; then echo ${value} > /proc/sys/${name}; fi`,
  );
  await runCommand('nsenter', [...inside, '/bin/sh', '-ec', script.join('\n')]);
}

/** Adds a rule only where the host's firewall drops forwarded packets, so that elsewhere no table appears. */
async function allowForwarding(): Promise<void> {
  if (await forwardsByDefault()) {
    return;
  }
  const present = await tryCommand('iptables', ['-C', ...forwardRule]);
  if (present.exitCode !== 0) {
    await runCommand('iptables', ['-I', ...forwardRule]);
  }
}

async function forwardsByDefault(): Promise<boolean> {
  const rules = await tryCommand('iptables', ['-S', 'FORWARD']);
  return rules.exitCode !== 0 || rules.standardOutput.trim() === '-P FORWARD ACCEPT';
}

function interfaceExists(name: string): boolean {
  return existsSync(`/sys/class/net/${name}`);
}

/** Whether something is mounted exactly here. */
export function isMounted(path: string): boolean {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[1] === path);
}

async function ip(programArguments: readonly string[]): Promise<void> {
  await runCommand('ip', programArguments);
}
