/**
 * What the pod of a router gives its program. The builder of the pod and the program read it from here, so that they
 * cannot disagree.
 */

/** Ports of the container. */
export const ROUTER_PORTS = {
  /** The MySQL protocol, for applications. */
  mysql: { name: 'mysql', port: 3306 },
  /** Plain HTTP: `/metrics`, `/healthz`, `/readyz`. */
  metrics: { name: 'metrics', port: 9188 },
} as const;

/** Where the container finds things. Mounted files change while it runs. */
export const ROUTER_PATHS = {
  /** Secret `<cluster>-router`, see {@link ROUTER_SECRET_KEYS}. */
  secret: '/etc/shardwright/router',
  /** The certificate shown to applications: `tls.crt`, `tls.key`. */
  tls: '/etc/shardwright/router-tls',
  /** ConfigMap `<cluster>-ca` with `ca.crt`: the authorities that the servers of shards are known by. */
  authority: '/etc/shardwright/authority',
  /** Empty at first, writable: a router that was restarted serves by the map it kept there. */
  memory: '/var/lib/shardwright',
} as const;

/** Keys of the Secret `<cluster>-router`, and so names of files. */
export const ROUTER_SECRET_KEYS = {
  /** What the credentials of all users at the servers are derived from; see `engines/mariadb/router-credential.ts`. */
  key: 'key',
  /** The router's own account. */
  username: 'username',
  password: 'password',
} as const;

/** Variables of the container that come from the pod itself. */
export const ROUTER_ENVIRONMENT = { pod: 'POD_NAME', namespace: 'POD_NAMESPACE' } as const;

/** What a router is told by its command line: `shardwright router FLAGS`. */
export interface RouterSettings {
  /** Name of the ShardedCluster, and so of the ShardMap. `--cluster=NAME` */
  readonly cluster: string;
  /** Connections of applications that one router accepts. `--max-connections=N` */
  readonly maxConnections: number;
  /** A connection that asks for nothing for so long is closed. `--idle-timeout-seconds=N` */
  readonly idleTimeoutSeconds: number;
  /** Longest that a statement waits for a shard without a primary. `--hold-seconds=N` */
  readonly holdSeconds: number;
  /** A replica further behind serves no reads. `--max-lag-seconds=N` */
  readonly maxLagSeconds: number;
  /** Whether clients without TLS are refused. `--require-tls`, absent when false. */
  readonly requireTls: boolean;
}

/** The command line of a router, without the program's own words. */
export function routerArguments(settings: RouterSettings): string[] {
  const { cluster, maxConnections, idleTimeoutSeconds, holdSeconds, maxLagSeconds, requireTls } = settings;
  return [
    'router',
    `--cluster=${cluster}`,
    `--max-connections=${maxConnections}`,
    `--idle-timeout-seconds=${idleTimeoutSeconds}`,
    `--hold-seconds=${holdSeconds}`,
    `--max-lag-seconds=${maxLagSeconds}`,
    ...(requireTls ? ['--require-tls'] : []),
  ];
}
