import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import type { BinaryName } from '../binaries/index.ts';
import type { ApiServerAction } from '../cluster-provider.ts';
import { restoreAuthority } from '../control-plane/certificates.ts';
import type { CertificateAuthority } from '../control-plane/certificates.ts';
import {
  apiServerArguments,
  controllerManagerArguments,
  etcdArguments,
  schedulerArguments,
} from '../control-plane/components.ts';
import type { ControlPlaneLayout } from '../control-plane/components.ts';
import { createCredentials } from '../control-plane/credentials.ts';
import { ClusterError } from '../failure.ts';
import { hashFolder } from '../images/content-key.ts';
import { checkoutFolder } from '../machine/folders.ts';
import { joinFiles, makeCgroup, readCgroupHierarchies } from './cgroups.ts';
import { ensureRunning, readSpecification, startDaemon, stopDaemon, writeSpecification } from './daemon.ts';
import { clusterLayout } from './layout.ts';
import type { NetworkPlan } from './network-plan.ts';
import { proxyConfiguration } from './node-configuration.ts';
import { gatewayProxyName } from './followers.ts';

/** The domain of all Services. */
export const clusterDomain = 'cluster.local';

const apiServerPort = 6443;

const API_SERVER = 'kube-apiserver';

/** The API server's address for everybody: pods, nodes and the host. */
export function serverUrl(plan: NetworkPlan): string {
  return `https://${plan.hostAddress}:${String(apiServerPort)}`;
}

/** Makes the cluster's authority and certificates, or reads the authority of a cluster that has them. */
export async function ensureCredentials(plan: NetworkPlan): Promise<CertificateAuthority> {
  const folder = clusterLayout.credentialsFolder;
  const finished = join(folder, 'complete');
  if (existsSync(finished)) {
    const read = async (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
    return restoreAuthority({ certificate: await read('authority.crt'), key: await read('authority.key') });
  }
  const { authority } = await createCredentials({
    folder,
    server: serverUrl(plan),
    addresses: [plan.hostAddress],
    serviceAddress: plan.kubernetesServiceAddress,
    clusterDomain,
  });
  await writeFile(finished, '');
  return authority;
}

/** The control plane's programs. */
type Programs = Readonly<
  Record<
    Extract<
      BinaryName,
      'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kube-proxy'
    >,
    string
  >
>;

/** Starts etcd and the API server. */
export async function startApiServer(plan: NetworkPlan, programs: Programs): Promise<void> {
  const layout = controlPlaneLayout(plan);
  makeCgroup(readCgroupHierarchies(), clusterLayout.controlPlaneCgroup);
  await start('etcd', programs.etcd, etcdArguments(layout));
  await start(
    API_SERVER,
    programs[API_SERVER],
    apiServerArguments(layout, { serviceAccountAdmission: true, nodes: true }),
  );
}

/** Ends the API server with SIGKILL and has it stay down, or starts it again just as it was. */
export async function actOnApiServer(action: ApiServerAction): Promise<void> {
  if (action === 'stop') {
    await stopDaemon(API_SERVER, 'SIGKILL');
    return;
  }
  const specification = await readSpecification(API_SERVER);
  if (specification === undefined) {
    throw new ClusterError('NotFound', 'The API server was never started.', {
      remedy: 'Run `npm run cluster:up`.',
    });
  }
  await writeSpecification({ ...specification, wanted: true });
  await ensureRunning(API_SERVER);
}

/** Starts everything that needs the API server: controllers, scheduler, the gateway to Services, the caretaker. */
export async function startControllers(plan: NetworkPlan, programs: Programs): Promise<void> {
  const layout = controlPlaneLayout(plan);
  await start(
    'kube-controller-manager',
    programs['kube-controller-manager'],
    controllerManagerArguments(layout),
  );
  await start('kube-scheduler', programs['kube-scheduler'], schedulerArguments(layout));
  const kubeconfig = join(clusterLayout.credentialsFolder, 'kube-proxy.kubeconfig');
  // The gateway is no node. It goes by the name of the first one, as a proxy asks for its node's addresses.
  await writeFile(
    clusterLayout.gatewayProxyConfiguration,
    dump(proxyConfiguration(kubeconfig, 'node-1', plan)),
  );
  await start(
    gatewayProxyName,
    programs['kube-proxy'],
    [`--config=${clusterLayout.gatewayProxyConfiguration}`],
    clusterLayout.gatewayNamespace,
  );
  const sources = join(checkoutFolder, 'test-e2e', 'cluster');
  const caretaker = join(sources, 'bare', 'caretaker.ts');
  // The hash makes a caretaker of older sources stop in favour of one of these.
  await start('caretaker', process.execPath, [caretaker, await hashFolder(sources)]);
}

function controlPlaneLayout(plan: NetworkPlan): ControlPlaneLayout {
  const octet = Number(plan.range.split('.')[1]);
  return {
    dataFolder: clusterLayout.etcdFolder,
    credentialsFolder: clusterLayout.credentialsFolder,
    // Different for every cluster of this machine, like its addresses.
    etcdClientPort: 22_000 + octet,
    etcdPeerPort: 22_300 + octet,
    apiServerAddress: plan.hostAddress,
    apiServerPort,
    serviceRange: plan.serviceRange,
    clusterDomain,
  };
}

async function start(
  name: string,
  program: string,
  programArguments: readonly string[],
  networkNamespace?: string,
): Promise<void> {
  await startDaemon({
    name,
    program,
    arguments: programArguments,
    joinFiles: joinFiles(readCgroupHierarchies(), clusterLayout.controlPlaneCgroup),
    ...(networkNamespace === undefined ? {} : { networkNamespace }),
    restart: name === 'caretaker' ? 'never' : 'always',
    wanted: true,
  });
}
