import { join } from 'node:path';
import type { NodeLayout } from './layout.ts';
import type { NetworkPlan, NodeNetwork } from './network-plan.ts';

/** Where a node's processes find the container runtime, within their own view of /run. */
export const containerdAddress = '/run/containerd/containerd.sock';

/** What containerd must know of the machine. */
export interface ContainerdSettings {
  readonly pauseImage: string;
  readonly networkPluginsFolder: string;
  readonly snapshotter: 'overlayfs' | 'native';
  /** Needed where CAP_SYS_RESOURCE is missing: without it no container starts there. */
  readonly restrictOomScore: boolean;
}

/** containerd's configuration file (TOML). */
export function containerdConfiguration(node: NodeLayout, settings: ContainerdSettings): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${node.containerdFolder}"
state = "/run/containerd"

[grpc]
  address = "${containerdAddress}"

[${cri}]
  sandbox_image = "${settings.pauseImage}"
  restrict_oom_score_adj = ${String(settings.restrictOomScore)}
  # Pod namespaces are held below /run/containerd, which each node has for itself.
  netns_mounts_under_state_dir = true
  max_concurrent_downloads = 3

  [${cri}.containerd]
    snapshotter = "${settings.snapshotter}"
    default_runtime_name = "runc"

    [${cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [${cri}.containerd.runtimes.runc.options]
        SystemdCgroup = false

  [${cri}.cni]
    bin_dir = "${settings.networkPluginsFolder}"
    conf_dir = "${join(node.configurationFolder, 'network')}"
`;
}

/** The node's pod network: a bridge of its own, addresses from its own subnet (JSON). */
export function podNetworkConfiguration(network: NodeNetwork, plan: NetworkPlan): string {
  return JSON.stringify({
    cniVersion: '0.4.0',
    name: 'shardwright',
    plugins: [
      {
        type: 'bridge',
        bridge: 'pods',
        isGateway: true,
        // Pods keep their own addresses everywhere, as on a routed network.
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: '/var/lib/cni/networks',
          ranges: [[{ subnet: network.podSubnet }]],
          routes: [{ dst: '0.0.0.0/0' }, { dst: plan.range }],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  });
}

/** The kubelet's configuration object. */
export function kubeletConfiguration(
  node: NodeLayout,
  plan: NetworkPlan,
  clusterDomain: string,
): Record<string, unknown> {
  const credential = (name: string): string => join(node.configurationFolder, name);
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true, cacheTTL: '10s' },
      x509: { clientCAFile: credential('authority.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: credential('kubelet.crt'),
    tlsPrivateKeyFile: credential('kubelet.key'),
    containerRuntimeEndpoint: `unix://${containerdAddress}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${node.cgroup}`,
    failCgroupV1: false,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    clusterDNS: [plan.dnsAddress],
    clusterDomain,
    resolvConf: credential('resolv.conf'),
    volumePluginDir: join(node.kubeletFolder, 'volume-plugins'),
    // Images come from no registry, so one that was removed could not be fetched again.
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '500Mi', 'imagefs.available': '500Mi' },
    containerLogMaxSize: '10Mi',
    containerLogMaxFiles: 3,
    registryPullQPS: 0,
    kubeAPIQPS: 50,
    kubeAPIBurst: 100,
  };
}

/** The configuration object of a kube-proxy; `nodeName` is whose endpoints count as local. */
export function proxyConfiguration(
  kubeconfig: string,
  nodeName: string,
  plan: NetworkPlan,
): Record<string, unknown> {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    hostnameOverride: nodeName,
    clientConnection: { kubeconfig },
    detectLocalMode: 'ClusterCIDR',
    clusterCIDR: plan.podRange,
    // The limits of connection tracking are the machine's, not ours to change.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
}
