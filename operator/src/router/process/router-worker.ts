/** Wiring: everything that one process that serves clients is made of. */
import { assertNever } from '../../runtime/assert-never.ts';
import { randomBytes } from 'node:crypto';
import type { Registry } from '@prometheus-io/client';
import { withScope } from '../../runtime/abort.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import { connectByTls, createBackendPools } from '../backend/backend-pools.ts';
import type { RetainedServer } from '../backend/backend-pool.ts';
import { DEFAULT_POOL_SETTINGS } from '../backend/pool-settings.ts';
import { createServerTrust } from '../backend/server-trust.ts';
import { ClientListener } from '../client/client-listener.ts';
import { DEFAULT_CLIENT_LIMITS } from '../client/client-limits.ts';
import type { ClientObserver } from '../client/client-observer.ts';
import type { Environment } from '../execution/environment.ts';
import { clientError } from '../execution/errors.ts';
import { openSession } from '../execution/session-handler.ts';
import { createBackendMetrics } from '../metrics/backend-metrics.ts';
import { createRouterMetrics } from '../metrics/router-metrics.ts';
import { CatalogCache } from '../routing/catalog-cache.ts';
import type { CatalogQuery } from '../routing/catalog-reader.ts';
import type { Place } from '../routing/route.ts';
import { IdGenerator } from '../session/id-generator.ts';
import { DEFAULT_PARSER_LIMITS, StatementParser } from '../sql/statement-parser.ts';
import { createIdClaims } from '../topology/id-claims.ts';
import type { MapSource } from '../topology/map-source.ts';
import { createOwnStatements } from '../topology/own-account.ts';
import { createReplicaWatch } from '../topology/replica-watch.ts';
import { readServerFacts, type ServerFacts } from '../topology/server-facts.ts';
import type { AddressOf, Server } from '../topology/servers.ts';
import { DEFAULT_HOLD_LIMITS, StatementHold } from '../topology/statement-hold.ts';
import { CurrentTopology, firstShard, locate, noShard, type Topology } from '../topology/topology.ts';
import { CachedUsers } from '../users/cached-users.ts';
import { USERS_STATEMENT } from '../users/global-priv.ts';
import { UserAuthenticator } from '../users/user-authenticator.ts';
import { serverCredential } from '../users/user-directory.ts';
import { addCapabilities, BASE_CAPABILITIES, CAPABILITY } from '../wire/capabilities.ts';
import type { RouterFiles } from './router-files.ts';
import { type KillRequest, type KillResult, workerOf } from './worker-messages.ts';
import { withRequiredTls } from './required-tls.ts';

/** What a worker needs. */
export interface RouterWorkerOptions {
  readonly source: MapSource;
  readonly addressOf: AddressOf;
  readonly files: RouterFiles;
  readonly listen: { readonly host: string; readonly port: number };
  readonly limits: {
    readonly maxConnections: number;
    readonly idleTimeoutSeconds: number;
    readonly holdSeconds: number;
    readonly maxLagSeconds: number;
    readonly requireTls: boolean;
  };
  /** Numbers of connections are `n * workers + index`, so that those of two workers differ. */
  readonly index: number;
  readonly workers: number;
  /** Ends a client of another worker. */
  readonly killElsewhere: (request: KillRequest) => Promise<KillResult>;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A worker at work. */
export interface RouterWorker {
  /** Ends a client of this worker. */
  kill(request: KillRequest): KillResult;
  /** Throws with the reason while it cannot serve. */
  assertReady(): void;
  /** Serves until the signal aborts, then lets clients end what they have begun. */
  run(signal: AbortSignal): Promise<void>;
}

/** New connections are accepted for so long after the signal: endpoints are taken out meanwhile. */
const LAME_DUCK_MILLISECONDS = 2000;
/** Commands and transactions may take so long to end. */
const DRAIN_MILLISECONDS = 45_000;
const USERS_REFRESH_MILLISECONDS = 5000;
const FACTS_RETRY_MILLISECONDS = 500;
/** Most number of a connection, which has 32 bits in the protocol. */
const CONNECTION_IDS = 2 ** 32 - 1;

/** Makes a worker; nothing of it runs or listens yet. */
export function createRouterWorker(options: RouterWorkerOptions): RouterWorker {
  const { source, addressOf, files, limits, registry, clock, logger } = options;
  const stopped = new AbortController();
  const topology = new CurrentTopology(addressOf);
  const trust = createServerTrust(() => files.authority());
  const settings = DEFAULT_POOL_SETTINGS;
  const pools = createBackendPools({
    settings,
    clock,
    metrics: createBackendMetrics(registry),
    connect: connectByTls(trust, clock, settings),
  });
  const statements = createOwnStatements(pools, () => files.account());
  const anyPrimary = (): Server | undefined => {
    const current = topology.current;
    const shard = current === undefined ? undefined : firstShard(current);
    return shard === undefined ? undefined : current?.shards.get(shard)?.primary;
  };
  const users = new CachedUsers({
    read: async (signal) => statements.query(primaryOrThrow(anyPrimary()), USERS_STATEMENT, signal),
    secret: () => files.secret(),
    clock,
    logger,
    refreshMilliseconds: USERS_REFRESH_MILLISECONDS,
  });
  const byAccounts = new UserAuthenticator(users, logger);
  const authenticator = limits.requireTls ? withRequiredTls(byAccounts) : byAccounts;
  const hold = new StatementHold({
    limits: { ...DEFAULT_HOLD_LIMITS, milliseconds: limits.holdSeconds * 1000 },
    clock,
    onMapChange: (handler) => topology.onChange(handler),
  });
  const replicas = createReplicaWatch({ statements, replicas: () => topology.replicas(), clock, logger });
  const catalogs = new CatalogCache(async ({ place, sql }, signal) => {
    const current = topology.current;
    const shard = current === undefined ? undefined : locate(current, placeOf(place), noShard)?.shard;
    const primary = shard === undefined ? undefined : current?.shards.get(shard)?.primary;
    const rows = await statements.query(primaryOrThrow(primary), sql, signal);
    return rows.map((row) => row.map((value) => value?.toString() ?? null));
  });
  let facts: ServerFacts | undefined;
  let turn = 0;
  const metrics = createRouterMetrics(registry, {
    connections: () => listener.connections,
    held: () => hold.held,
    revision: () => topology.current?.revision ?? 0,
    pools: () => pools.stats(),
  });
  const environment: Environment = {
    topology,
    pools,
    hold,
    ids: new IdGenerator(
      createIdClaims({ statements, primary: () => lowestPrimary(topology.current), random: Math.random }),
      clock,
    ),
    parser: new StatementParser(DEFAULT_PARSER_LIMITS),
    catalogs,
    facts() {
      if (facts === undefined) {
        throw clientError('unknown', 'Shardwright has not reached a server yet; try again');
      }
      return facts;
    },
    async credentialOf({ identity }, signal) {
      const found = await users.find(identity.user, signal);
      if (found.kind !== 'found') {
        throw clientError('accessDenied', `Access denied for user '${identity.user}'`);
      }
      return serverCredential(found.account, identity.nativeSecret);
    },
    replicaStates: () => replicas.states(),
    maxLagMilliseconds: limits.maxLagSeconds * 1000,
    nextTurn: () => (turn += 1),
    async killClient(connectionId, scope, user) {
      const request = { connectionId, scope, user };
      return workerOf(connectionId, options.workers) === options.index
        ? killOwn(request)
        : options.killElsewhere(request);
    },
    clock,
    logger,
    metrics,
    signal: stopped.signal,
  };
  const killOwn = ({ connectionId, scope, user }: KillRequest): KillResult => {
    const owner = listener.userOf(connectionId);
    if (owner === null) {
      return 'unknown';
    }
    if (owner !== user) {
      return 'denied';
    }
    return listener.kill(connectionId, scope) ? 'killed' : 'unknown';
  };
  let lastConnection = 0;
  const listener = new ClientListener({
    login: {
      serverVersion: () => facts?.versionText ?? 'Shardwright',
      offered: addCapabilities(
        BASE_CAPABILITIES,
        CAPABILITY.connectWithDatabase |
          CAPABILITY.foundRows |
          CAPABILITY.interactive |
          CAPABILITY.ignoreSpace |
          CAPABILITY.multiStatements |
          CAPABILITY.compress,
      ),
      tls: () => files.tls(),
      authenticator,
      randomBytes,
    },
    limits: {
      ...DEFAULT_CLIENT_LIMITS,
      maxConnections: Math.ceil(limits.maxConnections / options.workers),
      maxConnectionsPerUser: limits.maxConnections,
      idleTimeoutMilliseconds: limits.idleTimeoutSeconds * 1000,
    },
    openSession: (client, signal) => openSession(environment, client, signal),
    observer: observeClients(logger),
    clock,
    allocateConnectionId() {
      lastConnection = (lastConnection % Math.floor(CONNECTION_IDS / options.workers - 1)) + 1;
      return lastConnection * options.workers + options.index;
    },
  });

  const takeMap = (map: Parameters<CurrentTopology['take']>[0]): void => {
    try {
      topology.take(map);
      pools.retain(retainedServers(topology.current));
      logger.info('a map is in use', { revision: map.revision });
    } catch (error) {
      logger.error('the map cannot be used; the former one stays', {
        revision: map.revision,
        ...errorFields(error),
      });
    }
  };
  const learnFacts = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted && facts === undefined) {
      try {
        facts = await readServerFacts(statements, primaryOrThrow(anyPrimary()), signal);
      } catch (error) {
        logger.warn('no primary could be asked yet', errorFields(error));
        await clock.sleep(FACTS_RETRY_MILLISECONDS, signal).catch(() => {});
      }
    }
  };

  return {
    kill: killOwn,
    assertReady() {
      if (topology.current === undefined) {
        throw new Error('no map yet');
      }
      if (facts === undefined) {
        throw new Error('no primary was reached yet');
      }
    },
    async run(signal) {
      await withScope(new AbortController().signal, async (scope, controller) => {
        const stopSource = source.onChange(takeMap);
        const present = source.current();
        if (present !== undefined) {
          takeMap(present);
        }
        const background = Promise.all([
          source.run(scope),
          files.run(scope),
          users.run(scope),
          replicas.run(scope),
          learnFacts(scope),
        ]);
        try {
          await listener.listen(options.listen.port, options.listen.host);
          await Promise.race([untilAborted(signal), background]);
          await drain(listener, clock, logger);
        } finally {
          stopSource();
          controller.abort(new Error('the router ends'));
          stopped.abort(new Error('the router ends'));
          await background.catch(() => {});
          pools.close();
        }
      });
    },
  };
}

async function drain(listener: ClientListener, clock: Clock, logger: Logger): Promise<void> {
  logger.info('draining', { connections: listener.connections });
  const never = new AbortController().signal;
  await clock.sleep(LAME_DUCK_MILLISECONDS, never);
  const limit = new AbortController();
  const timer = clock.setTimer(DRAIN_MILLISECONDS, () => limit.abort(new Error('draining took too long')));
  await listener.close(limit.signal);
  timer.cancel();
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    } else {
      signal.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}

function primaryOrThrow(server: Server | undefined): Server {
  if (server === undefined) {
    throw new Error('there is no primary');
  }
  return server;
}

/** The shard that keeps the claims of generated ids. */
function lowestPrimary(topology: Topology | undefined): Server | undefined {
  const shards = [...(topology?.shards.values() ?? [])];
  return shards.toSorted((one, other) => one.number - other.number)[0]?.primary;
}

function retainedServers(topology: Topology | undefined): RetainedServer[] {
  return [...(topology?.shards.values() ?? [])].flatMap(({ primary, replicas, epoch }) => [
    ...(primary === undefined ? [] : [{ server: primary, role: 'primary', epoch } as const]),
    ...replicas.map((server) => ({ server, role: 'replica', epoch }) as const),
  ]);
}

function placeOf(place: CatalogQuery['place']): Place {
  switch (place.kind) {
    case 'slot':
      return { kind: 'slot', keyspace: place.keyspace, slot: place.slot };
    case 'shared':
      return { kind: 'shared', keyspace: place.keyspace, shard: null };
    case 'unsharded':
      return { kind: 'unsharded', keyspace: place.keyspace };
    default:
      return assertNever(place);
  }
}

function observeClients(logger: Logger): ClientObserver {
  return {
    arrived() {},
    refused(reason, error) {
      logger.debug('a client was not let in', { reason, ...errorFields(error) });
    },
    accepted() {},
    ended(reason, error) {
      if (reason === 'internal' || reason === 'protocol') {
        logger.warn('a client connection has ended', { reason, ...errorFields(error) });
      }
    },
    failed(error) {
      logger.error('a command failed', {
        ...errorFields(error),
        stack: error instanceof Error ? error.stack : undefined,
      });
    },
  };
}
