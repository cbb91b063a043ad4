import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { writeKeyPair } from '../control-plane/certificates.ts';
import { writeClientKubeconfig } from '../control-plane/credentials.ts';
import { isOnOverlay } from '../machine/file-system.ts';
import { clusterLayout } from './layout.ts';
import type { NodeLayout } from './layout.ts';
import { nodeNetwork } from './network-plan.ts';
import {
  containerdConfiguration,
  kubeletConfiguration,
  podNetworkConfiguration,
  proxyConfiguration,
} from './node-configuration.ts';
import type { NodeSettings } from './node-daemons.ts';

/** The bit of CAP_SYS_RESOURCE in /proc/self/status. */
const resourceCapability = 24n;

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
    snapshotter: (await isOnOverlay(node.containerdFolder)) ? 'native' : 'overlayfs',
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
