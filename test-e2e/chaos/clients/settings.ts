import type { ClientKind } from '../history/operation.ts';

/** What a process of clients is told on its standard input, as one line of JSON: it holds a password. */
export interface ClientSettings {
  readonly kubeconfigPath: string;
  readonly namespace: string;
  readonly cluster: string;
  readonly shard: number;
  readonly user: string;
  readonly password: string;
  /** Certificate of the authority that the servers' certificates must come from, in PEM. */
  readonly authority: string;
  /** Which clients this process runs. */
  readonly kinds: readonly ClientKind[];
  /** Address of the Service `-primary`. */
  readonly serviceAddress: string;
  /** Address of the Service of the routers. */
  readonly routerAddress: string;
  /** The pod that clients of the kind `sameNode` hold on to. */
  readonly pod: { readonly name: string; readonly address: string };
  /** Whether this process watches the map, and asks all members whether they take writes. */
  readonly followsCluster: boolean;
  readonly historyPath: string;
  readonly seed: number;
}

/** What such a process says on its standard output, some times a second, as a line of JSON. */
export interface ClientStatus {
  readonly kinds: Readonly<Partial<Record<ClientKind, KindStatus>>>;
  readonly epoch: number;
  readonly primary: string | null;
}

/** How the clients of one kind are doing. */
export interface KindStatus {
  readonly acknowledged: number;
  /** Start of the last append that was acknowledged, by the machine's monotonic clock in milliseconds. */
  readonly lastStart: number;
}

/**
 * How long a client waits, in milliseconds. One that follows the map gives up on a statement when the map names
 * another primary, so its own limit is only a last resort; one behind a Service has nothing but its limit, and the
 * connections that kube-proxy made to a pod that is gone stay as they are until then. One behind a router waits longer
 * than the router holds a statement (`spec.router.holdSeconds`), so that the router's own answer is what it gets.
 */
export const LIMITS: Readonly<Record<ClientKind, { readonly connect: number; readonly statement: number }>> =
  {
    shardMap: { connect: 500, statement: 10_000 },
    primaryService: { connect: 500, statement: 1000 },
    router: { connect: 2000, statement: 15_000 },
    sameNode: { connect: 500, statement: 10_000 },
  };
