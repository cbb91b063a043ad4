/** One process that serves clients: its parts put together, and its life. */
import type { LookupFunction } from 'node:net';
import type { Registry } from '@prometheus-io/client';
import { aborted, orAbort, withScope } from '../../runtime/abort.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { ClientConnections } from '../client/client-connections.ts';
import type { ClientProcess } from '../client/client-process.ts';
import { openSession } from '../execution/session-handler.ts';
import { createRouterMetrics } from '../metrics/router-metrics.ts';
import type { MapSource } from '../topology/map-source.ts';
import type { AddressOf } from '../topology/servers.ts';
import { DEFAULT_HOLD_LIMITS, StatementHold } from '../topology/statement-hold.ts';
import { CachedUsers } from '../users/cached-users.ts';
import { USERS_STATEMENT } from '../users/global-priv.ts';
import { UserAuthenticator } from '../users/user-authenticator.ts';
import {
  clientLimits,
  connectionNumbers,
  loginOptions,
  observeClients,
  type RouterLimits,
} from './client-settings.ts';
import { ClusterServers } from './cluster-servers.ts';
import { createEnvironment } from './create-environment.ts';
import type { Entrance } from './entrance.ts';
import type { RouterFiles } from './router-files.ts';
import { type KillRequest, type KillResult, workerOf } from './worker-messages.ts';

/** What a worker needs. */
export interface RouterWorkerOptions {
  readonly source: MapSource;
  readonly addressOf: AddressOf;
  /** Where the addresses of hosts come from; undefined for the system. */
  readonly lookup: LookupFunction | undefined;
  readonly files: RouterFiles;
  /** Where clients come from. */
  readonly entrance: Entrance;
  readonly limits: RouterLimits;
  /** Which of the `workers` this one is, from 0. */
  readonly index: number;
  readonly workers: number;
  /** Ends a client of another worker. */
  readonly killElsewhere: (request: KillRequest) => Promise<KillResult>;
  /** Clients of all workers; null where there is but one. */
  readonly processes: (() => Promise<readonly ClientProcess[]>) | null;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A worker at work. */
export interface RouterWorker {
  /** Clients at present. */
  readonly connections: number;
  /** Those of them that have logged in. */
  processes(): readonly ClientProcess[];
  /** Ends a client of this worker. */
  kill(request: KillRequest): KillResult;
  /** Throws with the reason while it cannot serve. */
  assertReady(): void;
  /** Serves until `signal` aborts, then lets clients end what they have begun; `cut` ends them at once. */
  run(signal: AbortSignal, cut: AbortSignal): Promise<void>;
}

/** Commands and transactions may take so long to end. */
const DRAIN_MILLISECONDS = 45_000;
const USERS_REFRESH_MILLISECONDS = 5000;

/** Makes a worker; nothing of it runs yet, and nobody comes in. */
export function createRouterWorker(options: RouterWorkerOptions): RouterWorker {
  const { source, entrance, files, limits, registry, clock, logger } = options;
  const stopped = new AbortController();
  const servers = new ClusterServers(options);
  const { topology } = servers;
  const users = new CachedUsers({
    read: async (signal) => servers.statements.query(servers.anyPrimary(), USERS_STATEMENT, signal),
    secret: () => files.secret(),
    clock,
    logger,
    refreshMilliseconds: USERS_REFRESH_MILLISECONDS,
  });
  const hold = new StatementHold({
    limits: { ...DEFAULT_HOLD_LIMITS, milliseconds: limits.holdSeconds * 1000 },
    clock,
    onMapChange: (handler) => topology.onChange(handler),
    observer: {
      waits: (cause) => metrics.held(cause),
      ended: (cause, milliseconds) => metrics.released(cause, milliseconds / 1000),
    },
  });
  const metrics = createRouterMetrics(registry, {
    connections: () => clients.size,
    held: () => hold.heldBy,
    moves: () => topology.current?.moves.size ?? 0,
    revision: () => topology.current?.revision ?? 0,
    pools: () => servers.pools.stats(),
  });
  const environment = createEnvironment({
    servers,
    users,
    files,
    hold,
    maxLagSeconds: limits.maxLagSeconds,
    async killClient(connectionId, scope, user, signal) {
      const request = { connectionId, scope, user };
      return workerOf(connectionId, options.workers) === options.index
        ? killOwn(clients, request)
        : orAbort(options.killElsewhere(request), signal);
    },
    processes: options.processes ?? (async () => clients.processes()),
    clock,
    logger,
    metrics,
    signal: stopped.signal,
  });
  const clients = new ClientConnections({
    login: loginOptions(new UserAuthenticator(users, logger), servers, files, limits),
    limits: clientLimits(limits),
    openSession: (client, signal) => openSession(environment, client, signal),
    observer: observeClients(logger),
    clock,
    allocateConnectionId: connectionNumbers(options.index, options.workers),
  });
  let draining = false;

  return {
    get connections() {
      return clients.size;
    },
    processes: () => clients.processes(),
    kill: (request) => killOwn(clients, request),
    assertReady() {
      if (topology.current === undefined) {
        throw new Error('no map yet');
      }
      if (servers.facts === undefined) {
        throw new Error('no primary was reached yet');
      }
      if (draining) {
        throw new Error('it lets its clients end what they have begun');
      }
    },
    async run(signal, cut) {
      await withScope(new AbortController().signal, async (scope, controller) => {
        const stopSource = source.onChange((map) => servers.take(map));
        const present = source.current();
        if (present !== undefined) {
          servers.take(present);
        }
        const background = Promise.all([
          source.run(scope),
          files.run(scope),
          users.run(scope),
          servers.run(scope),
        ]);
        try {
          await entrance.open((socket) => clients.accept(socket));
          await Promise.race([aborted(signal), background]);
          logger.info('draining', { connections: clients.size });
          await entrance.close();
          draining = true;
          await drain(clients, clock, cut);
        } finally {
          stopSource();
          controller.abort(new Error('the router ends'));
          stopped.abort(new Error('the router ends'));
          await background.catch(() => {});
          servers.pools.close();
        }
      });
    },
  };
}

function killOwn(clients: ClientConnections, { connectionId, scope, user }: KillRequest): KillResult {
  const owner = clients.userOf(connectionId);
  if (owner === null) {
    return 'unknown';
  }
  if (owner !== user) {
    return 'denied';
  }
  return clients.kill(connectionId, scope) ? 'killed' : 'unknown';
}

async function drain(clients: ClientConnections, clock: Clock, cut: AbortSignal): Promise<void> {
  const limit = new AbortController();
  const timer = clock.setTimer(DRAIN_MILLISECONDS, () => limit.abort(new Error('draining took too long')));
  await clients.end(AbortSignal.any([limit.signal, cut]));
  timer.cancel();
}
