import { ensureRunning, readSpecification, stopDaemon, writeSpecification } from './daemon.ts';
import type { NodeLayout } from './layout.ts';
import { nodeDaemonNames } from './node-daemons.ts';

/** The proxy that brings the host to Services. */
export const gatewayProxyName = 'gateway-kube-proxy';

/** Who turns a Service into rules that lead to pods: the controllers find the pods, a proxy on each node makes the rules. */
export function serviceFollowers(nodes: readonly NodeLayout[]): string[] {
  return ['kube-controller-manager', 'kube-scheduler', gatewayProxyName, ...nodes.map(nodeProxyName)];
}

/** The proxy of a node. */
export const nodeProxyName = (node: NodeLayout): string => nodeDaemonNames(node).proxy;

/**
 * Starts these daemons once more, after the API server was away from them. Whoever was without it for half a minute asks again only
 * after up to a minute (client-go doubles its pauses up to 30 s and adds up to as much at random), for each kind of object by itself, and
 * as late once more when the first answer is an error. Until then a new Service leads nowhere. A new process asks at once;
 * the rules of a proxy stay meanwhile. In a larger control plane controllers end by themselves when they lose their
 * lease; here they have none. A daemon that is not to run, as its node is killed, is left alone.
 */
export async function restartFollowers(names: readonly string[]): Promise<void> {
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
