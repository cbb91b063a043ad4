import { join } from 'node:path';

/** Where one control plane lives; every function below turns it into the arguments of one program. */
export interface ControlPlaneLayout {
  /** etcd's data folder. */
  readonly dataFolder: string;
  /** The folder that `createCredentials` filled. */
  readonly credentialsFolder: string;
  readonly etcdClientPort: number;
  readonly etcdPeerPort: number;
  /** The address the API server listens on and that pods reach it at. */
  readonly apiServerAddress: string;
  readonly apiServerPort: number;
  readonly serviceRange: string;
  readonly clusterDomain: string;
}

/** etcd that never waits for the disk: fast, and lost when the machine crashes, as a test's data may be. */
export function etcdArguments(layout: ControlPlaneLayout): string[] {
  const client = `https://127.0.0.1:${String(layout.etcdClientPort)}`;
  const peer = `http://127.0.0.1:${String(layout.etcdPeerPort)}`;
  const credential = (name: string): string => join(layout.credentialsFolder, name);
  return [
    '--name=etcd',
    `--data-dir=${layout.dataFolder}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=etcd=${peer}`,
    '--client-cert-auth',
    `--trusted-ca-file=${credential('authority.crt')}`,
    `--cert-file=${credential('etcd.crt')}`,
    `--key-file=${credential('etcd.key')}`,
  ];
}

/** The API server: RBAC and node authorization, Pod Security, tokens of service accounts. */
export function apiServerArguments(
  layout: ControlPlaneLayout,
  options: {
    /** Without a controller manager no service account is ever made, and no pod could be created. */
    readonly serviceAccountAdmission: boolean;
    readonly nodes: boolean;
  },
): string[] {
  const credential = (name: string): string => join(layout.credentialsFolder, name);
  return [
    `--etcd-servers=https://127.0.0.1:${String(layout.etcdClientPort)}`,
    `--etcd-cafile=${credential('authority.crt')}`,
    `--etcd-certfile=${credential('etcd.crt')}`,
    `--etcd-keyfile=${credential('etcd.key')}`,
    `--bind-address=${layout.apiServerAddress}`,
    `--advertise-address=${layout.apiServerAddress}`,
    `--secure-port=${String(layout.apiServerPort)}`,
    `--tls-cert-file=${credential('api-server.crt')}`,
    `--tls-private-key-file=${credential('api-server.key')}`,
    `--client-ca-file=${credential('authority.crt')}`,
    `--service-cluster-ip-range=${layout.serviceRange}`,
    `--service-account-issuer=https://kubernetes.default.svc.${layout.clusterDomain}`,
    `--service-account-key-file=${credential('service-accounts.crt')}`,
    `--service-account-signing-key-file=${credential('service-accounts.key')}`,
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    '--profiling=false',
    '--max-requests-inflight=800',
    '--max-mutating-requests-inflight=400',
    // The default of one minute would keep a stopping API server alive as long as a watch is open.
    '--shutdown-send-retry-after=false',
    ...(options.serviceAccountAdmission ? [] : ['--disable-admission-plugins=ServiceAccount']),
    ...(options.nodes
      ? [
          `--kubelet-certificate-authority=${credential('authority.crt')}`,
          `--kubelet-client-certificate=${credential('api-server.crt')}`,
          `--kubelet-client-key=${credential('api-server.key')}`,
          '--kubelet-preferred-address-types=InternalIP',
        ]
      : []),
  ];
}

/** The controller manager, alone, so without leader election. */
export function controllerManagerArguments(layout: ControlPlaneLayout, controllers = '*'): string[] {
  const credential = (name: string): string => join(layout.credentialsFolder, name);
  const kubeconfig = credential('kube-controller-manager.kubeconfig');
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    `--controllers=${controllers}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--profiling=false',
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${credential('service-accounts.key')}`,
    `--root-ca-file=${credential('authority.crt')}`,
    `--cluster-signing-cert-file=${credential('authority.crt')}`,
    `--cluster-signing-key-file=${credential('authority.key')}`,
    '--kube-api-qps=100',
    '--kube-api-burst=200',
  ];
}

/** The scheduler, alone, so without leader election. */
export function schedulerArguments(layout: ControlPlaneLayout): string[] {
  const kubeconfig = join(layout.credentialsFolder, 'kube-scheduler.kubeconfig');
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--profiling=false',
    '--kube-api-qps=100',
    '--kube-api-burst=200',
  ];
}
