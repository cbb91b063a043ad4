/**
 * A private control plane for one test: etcd and a real API server on free ports of 127.0.0.1, with RBAC,
 * their own certificates and a temporary folder. No nodes, no root, about four seconds to start.
 *
 *     import { startControlPlane } from '../cluster/control-plane/index.ts';
 *
 *     const controlPlane = await startControlPlane();                       // in beforeAll (allow 5 minutes, or
 *     const client = await connect({ kubeconfigPath: controlPlane.kubeconfigPath, ... });   // minutes when
 *     await controlPlane.restartApiServer();      // same port, same data    // the programs must be built)
 *     await controlPlane.compact();   // lists that continue from before: 410 Gone, within 15 s
 *     await controlPlane.stop();                                            // in afterAll
 *
 * The kubeconfig is the administrator's. With `components: ['controller-manager']` namespaces are finalized,
 * garbage is collected, StatefulSets make pods (which stay Pending: there are no nodes) and the
 * service-account admission is on. Without it pods can be created by hand and nothing reacts to objects.
 *
 * Nothing outlives the calling process, even when that is killed with SIGKILL (on Linux).
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { binaryPath } from '../binaries/index.ts';
import { ClusterError } from '../failure.ts';
import { waitFor } from '../machine/wait.ts';
import { createProgress } from '../progress.ts';
import { startChildProgram } from './child-program.ts';
import type { ChildProgram } from './child-program.ts';
import { apiServerArguments, controllerManagerArguments, etcdArguments } from './components.ts';
import type { ControlPlaneLayout } from './components.ts';
import { createCredentials } from './credentials.ts';
import { compactEtcd } from './etcd-compaction.ts';
import { findFreePorts } from './free-port.ts';
import { httpsRequest } from './https-request.ts';
import type { TlsIdentity } from './https-request.ts';
import { makeOwnedFolder, removeStaleFolders } from './stale-folders.ts';

/** Options of {@link startControlPlane}. */
export interface ControlPlaneOptions {
  /** Where data, credentials and logs go; made when missing. Default: a temporary folder, removed by `stop`. */
  readonly directory?: string;
  /** Receives progress, mostly that of a first build. Default: standard error. */
  readonly log?: (line: string) => void;
  /** What runs besides etcd and the API server. Default: nothing. */
  readonly components?: readonly 'controller-manager'[];
}

/** A running control plane. */
export interface ControlPlane {
  /** The administrator's kubeconfig (group system:masters). */
  readonly kubeconfigPath: string;
  /** Such as `https://127.0.0.1:40123`; stays the same across restarts. */
  readonly url: string;
  /** The folder that also holds the logs (`*.log`). */
  readonly directory: string;
  /** Stops with SIGTERM (or the signal given: SIGKILL cuts every connection at once). */
  stopApiServer(signal?: NodeJS.Signals): Promise<void>;
  /** Starts the API server again on the same port and data; resolves when /readyz says ok. */
  startApiServer(): Promise<void>;
  restartApiServer(signal?: NodeJS.Signals): Promise<void>;
  /**
   * Compacts etcd up to its newest revision. Lists that continue from before get 410 Gone within 15 s; for watches
   * to get it, restart the API server as well, whose memory still serves them.
   */
  compact(): Promise<void>;
  /** Ends every process and removes the temporary folder (a `directory` that was given is kept). */
  stop(): Promise<void>;
}

const serviceRange = '10.96.0.0/24';
/** Four seconds are enough where nothing else runs. */
const startTimeoutMilliseconds = 240_000;

/**
 * Starts etcd and an API server and waits until /readyz says ok.
 * @throws ClusterError when a program cannot be built, ends early or is not ready within four minutes.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const progress = createProgress(options.log);
  const etcdProgram = await binaryPath('etcd', progress);
  const apiServerProgram = await binaryPath('kube-apiserver', progress);
  const withControllers = options.components?.includes('controller-manager') ?? false;
  const controllerManagerProgram = withControllers
    ? await binaryPath('kube-controller-manager', progress)
    : '';
  await removeStaleFolders();
  const directory = options.directory ?? (await makeOwnedFolder());
  await mkdir(directory, { recursive: true });
  const [etcdClientPort = 0, etcdPeerPort = 0, apiServerPort = 0] = await findFreePorts(3);
  const layout: ControlPlaneLayout = {
    dataFolder: join(directory, 'etcd'),
    credentialsFolder: join(directory, 'credentials'),
    etcdClientPort,
    etcdPeerPort,
    apiServerAddress: '127.0.0.1',
    apiServerPort,
    serviceRange,
    clusterDomain: 'cluster.local',
  };
  const url = `https://127.0.0.1:${String(apiServerPort)}`;
  const credentials = await createCredentials({
    folder: layout.credentialsFolder,
    server: url,
    addresses: ['127.0.0.1'],
    serviceAddress: '10.96.0.1',
    clusterDomain: layout.clusterDomain,
  });
  const identity: TlsIdentity = { authority: credentials.authority.certificate, pair: credentials.admin };
  const start = (name: string, program: string, programArguments: readonly string[]): ChildProgram =>
    startChildProgram(program, programArguments, join(directory, `${name}.log`));

  const etcd = start('etcd', etcdProgram, etcdArguments(layout));
  let apiServer: ChildProgram | undefined;
  let controllerManager: ChildProgram | undefined;

  const startApiServer = async (): Promise<void> => {
    if (apiServer?.exit() === undefined && apiServer !== undefined) {
      return;
    }
    apiServer = start(
      'kube-apiserver',
      apiServerProgram,
      apiServerArguments(layout, { serviceAccountAdmission: withControllers, nodes: false }),
    );
    await untilReady(identity, url, [etcd, apiServer]);
    // The controller manager gives up when the API server is away while it starts.
    if (withControllers && (controllerManager === undefined || controllerManager.exit() !== undefined)) {
      controllerManager = start(
        'kube-controller-manager',
        controllerManagerProgram,
        controllerManagerArguments(layout),
      );
    }
  };
  const stopApiServer = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    await apiServer?.stop(signal);
  };
  const stop = async (): Promise<void> => {
    await controllerManager?.stop('SIGKILL');
    await apiServer?.stop('SIGKILL');
    await etcd.stop('SIGKILL');
    if (options.directory === undefined) {
      await rm(directory, { recursive: true, force: true });
    }
  };

  try {
    await startApiServer();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    kubeconfigPath: credentials.adminKubeconfig,
    url,
    directory,
    startApiServer,
    stopApiServer,
    async restartApiServer(signal) {
      await stopApiServer(signal);
      await startApiServer();
    },
    compact: async () => compactEtcd(identity, etcdClientPort),
    stop,
  };
}

async function untilReady(
  identity: TlsIdentity,
  url: string,
  programs: readonly ChildProgram[],
): Promise<void> {
  await waitFor(
    'the API server to become ready',
    async () => {
      for (const program of programs) {
        const exit = program.exit();
        if (exit !== undefined) {
          throw new ClusterError(
            'NotFound',
            `A program of the control plane ended (${exit}):\n${program.logTail()}`,
          );
        }
      }
      const answer = await httpsRequest(identity, `${url}/readyz`, { timeoutMilliseconds: 5000 });
      return answer.status === 200 ? true : undefined;
    },
    { timeoutMilliseconds: startTimeoutMilliseconds },
  );
}
