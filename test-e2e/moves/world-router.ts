import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLUSTER, type ClusterProcesses } from '../agent/cluster-processes.ts';
import { findFreePorts } from '../cluster/control-plane/free-port.ts';
import { RouterProcess } from '../router/router-process.ts';

/** Prepares the router of a world, which knows where the members are; it does not run yet. */
export async function createRouter(
  processes: ClusterProcesses,
  secret: string,
  kubeconfigPath: string,
): Promise<RouterProcess> {
  const [port = 0, metricsPort = 0] = await findFreePorts(2);
  const folder = join(processes.folder, 'router');
  await mkdir(folder);
  const tls = {
    authority: join(processes.serverTls, 'ca.crt'),
    certificate: join(processes.serverTls, 'tls.crt'),
    key: join(processes.serverTls, 'tls.key'),
  };
  const router = new RouterProcess({
    folder,
    cluster: CLUSTER,
    secret,
    tls,
    port,
    metricsPort,
    kubeconfigPath,
  });
  await router.prepare();
  const addresses = processes.shards
    .flat()
    .map(({ pod, options }) => [
      pod,
      { host: '127.0.0.1', port: options.ports.server, serverName: 'localhost' },
    ]);
  await writeFile(router.addressesFile, JSON.stringify(Object.fromEntries(addresses)));
  return router;
}
