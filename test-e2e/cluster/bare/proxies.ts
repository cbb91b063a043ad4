import { ensureRunning, readSpecification, stopDaemon, writeSpecification } from './daemon.ts';
import type { NodeLayout } from './layout.ts';
import { nodeDaemonNames } from './node-daemons.ts';

/** The proxy that brings the host to Services. */
export const gatewayProxyName = 'gateway-kube-proxy';

/** The proxy of a node. */
export const nodeProxyName = (node: NodeLayout): string => nodeDaemonNames(node).proxy;

/**
 * Starts proxies once more. One that was without an API server for half a minute asks again only after up to a minute
 * (client-go doubles its pauses up to 30 s and adds up to as much at random), and as late once more when the first answer is
 * an error. Until then every new Service leads nowhere on its node. A new process asks at once; the rules of the old one
 * stay meanwhile. A proxy that is not to run, as its node is killed, is left alone.
 */
export async function restartProxies(names: readonly string[]): Promise<void> {
  await Promise.all(
    names.map(async (name) => {
      const specification = await readSpecification(name);
      if (specification?.wanted === true) {
        await stopDaemon(name);
        await writeSpecification(specification);
        await ensureRunning(name);
      }
    }),
  );
}
