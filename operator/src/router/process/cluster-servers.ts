/** The servers of the cluster, as a process that serves clients reaches them. */
import type { LookupFunction } from 'node:net';
import type { Registry } from '@prometheus-io/client';
import type { ShardMapSpec } from '../../api/v1alpha1/index.ts';
import { assertNever } from '../../runtime/assert-never.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import { createServerTrust } from '../../wire/login/server-trust.ts';
import { connectByTls, createBackendPools } from '../backend/backend-pools.ts';
import type { BackendPools, RetainedServer } from '../backend/backend-pool.ts';
import { DEFAULT_POOL_SETTINGS } from '../backend/pool-settings.ts';
import { createBackendMetrics } from '../metrics/backend-metrics.ts';
import { CatalogCache } from '../routing/catalog-cache.ts';
import type { CatalogQuery } from '../routing/catalog-reader.ts';
import type { Place } from '../routing/route.ts';
import { closedDatabases, NO_MOVES } from '../topology/moves.ts';
import { createOwnStatements, type OwnStatements } from '../topology/own-account.ts';
import { createReplicaWatch } from '../topology/replica-watch.ts';
import { readServerFacts, type ServerFacts } from '../topology/server-facts.ts';
import type { AddressOf, Server } from '../topology/servers.ts';
import { CurrentTopology, firstShard, locate, noShard, type Topology } from '../topology/topology.ts';
import type { RouterFiles } from './router-files.ts';

export interface ClusterServersOptions {
  readonly addressOf: AddressOf;
  /** Where the addresses of hosts come from; undefined for the system. */
  readonly lookup: LookupFunction | undefined;
  readonly files: RouterFiles;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
}

const FACTS_RETRY_MILLISECONDS = 500;

/** Follows the map that it is given, and keeps connections to its servers and what is known of them. */
export class ClusterServers {
  readonly topology: CurrentTopology;
  readonly pools: BackendPools;
  /** As the router's own account. */
  readonly statements: OwnStatements;
  readonly catalogs: CatalogCache;
  readonly replicas: ReturnType<typeof createReplicaWatch>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #facts: ServerFacts | undefined;

  constructor({ addressOf, lookup, files, registry, clock, logger }: ClusterServersOptions) {
    this.#clock = clock;
    this.#logger = logger;
    const settings = DEFAULT_POOL_SETTINGS;
    const trust = createServerTrust(() => files.authority());
    this.topology = new CurrentTopology(addressOf);
    this.pools = createBackendPools({
      settings,
      clock,
      metrics: createBackendMetrics(registry),
      connect: connectByTls(trust, clock, settings, lookup),
    });
    this.statements = createOwnStatements(this.pools, () => files.account());
    this.replicas = createReplicaWatch({
      statements: this.statements,
      replicas: () => this.topology.replicas(),
      clock,
      logger,
    });
    this.catalogs = new CatalogCache((query, signal) => this.#readCatalog(query, signal));
  }

  /** What is the same on all servers; undefined until one was asked. */
  get facts(): ServerFacts | undefined {
    return this.#facts;
  }

  /** The primary of some shard that holds everything that is the same on all. Throws while it has none. */
  anyPrimary(): Server {
    const current = this.topology.current;
    const shard = current === undefined ? undefined : firstShard(current);
    return primaryOrThrow(shard === undefined ? undefined : current?.shards.get(shard)?.primary);
  }

  /** The primary of the shard that keeps the claims of generated ids. */
  lowestPrimary(): Server | undefined {
    const shards = [...(this.topology.current?.shards.values() ?? [])];
    return shards.toSorted((one, other) => one.number - other.number)[0]?.primary;
  }

  /** Goes by a map from now on; by the former one where this one cannot be used, which is logged. */
  take(map: ShardMapSpec): void {
    try {
      this.topology.take(map);
      this.pools.retain(retainedServers(this.topology.current));
      this.#logger.info('a map is in use', { revision: map.revision });
    } catch (error) {
      this.#logger.error('the map cannot be used; the former one stays', {
        revision: map.revision,
        ...errorFields(error),
      });
    }
  }

  /** Watches replicas, and learns what is the same on all servers, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.replicas.run(signal), this.#learnFacts(signal)]);
  }

  async #learnFacts(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#facts === undefined) {
      try {
        this.#facts = await readServerFacts(this.statements, this.anyPrimary(), signal);
      } catch (error) {
        this.#logger.warn('no primary could be asked yet', errorFields(error));
        await this.#clock.sleep(FACTS_RETRY_MILLISECONDS, signal).catch(() => {});
      }
    }
  }

  async #readCatalog(
    { place, sql }: CatalogQuery,
    signal: AbortSignal,
  ): Promise<readonly (readonly (string | null)[])[]> {
    const current = this.topology.current;
    const shard = current === undefined ? undefined : locate(current, placeOf(place), noShard)?.shard;
    const primary = shard === undefined ? undefined : current?.shards.get(shard)?.primary;
    const rows = await this.statements.query(primaryOrThrow(primary), sql, signal);
    return rows.map((row) => row.map((value) => value?.toString() ?? null));
  }
}

function primaryOrThrow(server: Server | undefined): Server {
  if (server === undefined) {
    throw new Error('there is no primary');
  }
  return server;
}

function retainedServers(topology: Topology | undefined): RetainedServer[] {
  const closedByShard = closedDatabases(topology?.moves ?? NO_MOVES);
  return [...(topology?.shards.values() ?? [])].flatMap(({ number, primary, replicas, epoch }) => {
    const closed = closedByShard.get(number) ?? new Set<string>();
    return [
      ...(primary === undefined ? [] : [{ server: primary, role: 'primary', epoch, closed } as const]),
      ...replicas.map((server) => ({ server, role: 'replica', epoch, closed }) as const),
    ];
  });
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
