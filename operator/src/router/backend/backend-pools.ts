import type { LookupFunction } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import type { BackendMetrics } from '../metrics/backend-metrics.ts';
import type { BackendServer } from './backend-connection.ts';
import { BackendError } from './backend-error.ts';
import type { BackendPools, Loan, PoolStats, RetainedServer } from './backend-pool.ts';
import { connectBackend } from './connect-backend.ts';
import type { PoolSettings } from './pool-settings.ts';
import { type Connect, ServerPool } from './server-pool.ts';
import type { ServerTrust } from '../../wire/login/server-trust.ts';

export interface BackendPoolsOptions {
  readonly settings: PoolSettings;
  readonly clock: Clock;
  readonly metrics: BackendMetrics;
  readonly connect: Connect;
}

/** Makes connections to servers of the cluster, with the given limits of time; `lookup` finds hosts, by default the system. */
export function connectByTls(
  trust: ServerTrust,
  clock: Clock,
  { loginMilliseconds, preparedStatements }: PoolSettings,
  lookup?: LookupFunction,
): Connect {
  return ({ server, user, credential, traits }, sharedStatements, signal) =>
    connectBackend(
      {
        server,
        user,
        credential,
        traits,
        trust,
        clock,
        ...(lookup === undefined ? {} : { lookup }),
        timeoutMilliseconds: loginMilliseconds,
        preparedStatements,
        sharedStatements,
      },
      signal,
    );
}

/** Pools of connections, none of which is open yet. Before the first `retain`, every server may be used. */
export function createBackendPools(options: BackendPoolsOptions): BackendPools {
  const pools = new Map<string, ServerPool>();
  let retained: ReadonlyMap<string, RetainedServer> | undefined;
  let closed: BackendError | undefined;

  const retire = (pod: string, reason: BackendError): void => {
    pools.get(pod)?.retire(reason);
    pools.delete(pod);
  };

  const poolOf = (server: BackendServer): ServerPool => {
    const known = pools.get(server.pod);
    if (known !== undefined && isSame(known.server, server)) {
      return known;
    }
    retire(server.pod, new BackendError('Retired', `${server.pod} has another address now`));
    const pool = new ServerPool({ ...options, server });
    pool.closeDatabases(retained?.get(server.pod)?.closed ?? NO_DATABASES);
    pools.set(server.pod, pool);
    return pool;
  };

  return {
    lend(request, signal): Loan | Promise<Loan> {
      const { pod } = request.server;
      if (closed !== undefined) {
        return Promise.reject(closed);
      }
      if (retained !== undefined && !retained.has(pod)) {
        return Promise.reject(new BackendError('Retired', `${pod} is no server of the cluster any more`));
      }
      return poolOf(request.server).lend(request, signal);
    },
    retain(servers) {
      const next = new Map(servers.map((server) => [server.server.pod, server]));
      for (const [pod, before] of retained ?? []) {
        const now = next.get(pod);
        if (now !== undefined && before.role === 'primary' && now.epoch !== before.epoch) {
          retire(
            pod,
            new BackendError('Retired', `${pod} was the primary of epoch ${before.epoch}, which is over`),
          );
        } else if (now !== undefined && before.role === 'primary' && now.role !== 'primary') {
          retire(pod, new BackendError('Retired', `${pod} is the primary no more`));
        }
      }
      for (const pod of pools.keys()) {
        if (!next.has(pod)) {
          retire(pod, new BackendError('Retired', `${pod} is no server of the cluster any more`));
        }
      }
      retained = next;
      for (const [pod, { closed: databases }] of next) {
        pools.get(pod)?.closeDatabases(databases);
      }
    },
    stats: (): PoolStats[] => [...pools.values()].map((pool) => pool.stats),
    close() {
      closed ??= new BackendError('Retired', 'the router ends');
      for (const pod of pools.keys()) {
        retire(pod, closed);
      }
    },
  };
}

const NO_DATABASES: ReadonlySet<string> = new Set();

function isSame(one: BackendServer, other: BackendServer): boolean {
  return (
    one.host === other.host &&
    one.port === other.port &&
    one.serverName === other.serverName &&
    one.socketPath === other.socketPath
  );
}
