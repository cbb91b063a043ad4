/** Shards of one or more MariaDB servers on this machine with the slots of a keyspace, and a router in front of them. */
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ShardMapSpec } from '../../operator/src/api/v1alpha1/index.ts';
import {
  databaseOfSlot,
  sharedDatabase,
  unshardedDatabase,
} from '../../operator/src/core/keyspace/database-names.ts';
import { writeSlotSet } from '../../operator/src/core/keyspace/slot-set.ts';
import { routerPasswordHash } from '../../operator/src/engines/mariadb/router-credential.ts';
import { writeMapFile } from '../../operator/src/router/topology/map-file.ts';
import { findFreePorts } from '../cluster/control-plane/free-port.ts';
import { eventually } from '../install/eventually.ts';
import { makeLoopbackCertificate } from '../mariadb/certificates.ts';
import { confineCalls } from '../mariadb/confined-program.ts';
import { PACKAGED_MARIADB, type PackagedMariadb, rootFileSystem } from '../mariadb/root-file-system.ts';
import { DatabaseServer } from './database-server.ts';
import { RouterProcess } from './router-process.ts';

export const CLUSTER = 'demo';
export const KEYSPACE = 'app';
/** May do everything with the rows and tables of the keyspace. */
export const APPLICATION_USER = 'shop';

/** The keyspace as the map has it, without where its slots are. */
export type KeyspaceSettings = Omit<
  NonNullable<ShardMapSpec['keyspaces']>[number],
  'homeShard' | 'slotsByShard'
>;

const DEFAULT_KEYSPACE: KeyspaceSettings = {
  name: KEYSPACE,
  strategy: 'ConsistentHash',
  placement: 'Balanced',
  slots: 8,
  defaultKey: 'user_id',
  tables: [
    { name: 'users', key: 'id' },
    { name: 'countries', type: 'Reference' },
    { name: 'settings', type: 'Unsharded' },
  ],
  transactions: 'Single',
  consistency: 'Strong',
};

/** A ShardMap that an API server has. */
export interface MapObject {
  /** Of whoever may read it. */
  readonly kubeconfigPath: string;
  /** Creates or replaces it. */
  write(map: ShardMapSpec): Promise<void>;
}

export interface RouterWorldOptions {
  /** @default 2 */
  readonly shards?: number;
  /** Servers of each shard, the first of which is the primary. @default 1 */
  readonly instances?: number;
  /** Overrides of the keyspace. */
  readonly keyspace?: Partial<KeyspaceSettings>;
  /** How long the router holds statements. @default 10 */
  readonly holdSeconds?: number;
  /** @default the first that is supported */
  readonly packaged?: PackagedMariadb;
  /** Where the router has its map from. @default a file */
  readonly mapObject?: MapObject;
  /** Packages of Debian beside the server's in its root file system. */
  readonly furtherPackages?: readonly string[];
}

/** The shards, the map and the router. */
export class RouterWorld {
  readonly folder: string;
  /** By shard. */
  readonly shards: readonly (readonly DatabaseServer[])[];
  readonly router: RouterProcess;
  readonly password: string;
  readonly keyspace: KeyspaceSettings;
  readonly #mapObject: MapObject | undefined;
  readonly #secret: string;
  #map: ShardMapSpec;

  constructor(parts: {
    readonly folder: string;
    readonly shards: readonly (readonly DatabaseServer[])[];
    readonly router: RouterProcess;
    readonly secret: string;
    readonly keyspace: KeyspaceSettings;
    readonly mapObject?: MapObject | undefined;
  }) {
    this.folder = parts.folder;
    this.shards = parts.shards;
    this.router = parts.router;
    this.keyspace = parts.keyspace;
    this.#mapObject = parts.mapObject;
    this.#secret = parts.secret;
    this.password = randomBytes(12).toString('hex');
    this.#map = firstMap(parts.shards, parts.keyspace);
  }

  get map(): ShardMapSpec {
    return this.#map;
  }

  /** The primary of a shard by the map; the first server while there is none. */
  primary(shard: number): DatabaseServer {
    const pod = this.#map.shards[shard]?.primary;
    const servers = this.shards[shard] ?? [];
    const found = servers.find((server) => server.pod === pod) ?? servers[0];
    if (found === undefined) {
      throw new Error(`there is no shard ${shard}`);
    }
    return found;
  }

  /** Slots of a shard by the map. */
  slotsOf(shard: number): number[] {
    return slotsOfShard(shard, this.shards.length, this.keyspace.slots);
  }

  /** Changes the map, which the router reads a moment later: see {@link routerUsesMap}. */
  async changeMap(change: (map: ShardMapSpec) => ShardMapSpec): Promise<void> {
    this.#map = { ...change(this.#map), revision: this.#map.revision + 1 };
    await this.#writeMap();
  }

  /** Resolves when the router goes by the map as it is now. */
  async routerUsesMap(): Promise<void> {
    await this.router.usesMap(this.#map.revision);
  }

  /** Resolves when a server sleeps in a statement of this text, which is to be one that no other test has. */
  async isAsleepIn(text: string): Promise<void> {
    const sleeping = async (): Promise<number> => {
      const counts = this.shards.flat().map(async (server) => {
        const [row] = await server.query(
          `SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE STATE = 'User sleep' AND INFO LIKE '%${text}%'`,
        );
        return Number(row?.['n']);
      });
      return Math.max(...(await Promise.all(counts)));
    };
    if ((await eventually(sleeping, (count) => count > 0)) === 0) {
      throw new Error(`no server runs ${text}`);
    }
  }

  /** Runs SQL as `root` on the primary of every shard. */
  async onEveryShard(sql: string): Promise<void> {
    await Promise.all(this.shards.map((_servers, shard) => this.primary(shard).query(sql)));
  }

  /** Makes a user who may work with the keyspace, as the operator would. */
  async createUser(name: string, password: string, level: 'ro' | 'rw' | 'owner' = 'owner'): Promise<void> {
    const hash = routerPasswordHash(this.#secret, name);
    await this.onEveryShard(
      `CREATE USER '${name}'@'%' IDENTIFIED VIA mysql_native_password USING '${hash}' OR mysql_native_password USING PASSWORD('${password}');
       GRANT ${roleName(level)} TO '${name}'@'%'; SET DEFAULT ROLE ${roleName(level)} FOR '${name}'@'%'`,
    );
  }

  /** Starts servers, makes databases, roles and users, and starts the router. */
  async begin(routerArguments: readonly string[] = []): Promise<void> {
    const [first, ...others] = this.shards.flat();
    await first?.initialise();
    await Promise.all(others.map((server) => server.copyFrom(first ?? server)));
    await Promise.all(this.shards.flat().map((server) => server.start()));
    await Promise.all(this.shards.map((servers) => followFirst(servers)));
    await Promise.all(this.shards.map((_servers, shard) => this.#makeDatabases(shard)));
    await this.#makeRouterAccount();
    await this.createUser(APPLICATION_USER, this.password);
    await this.#writeMap();
    await this.router.start(routerArguments);
  }

  /** Starts a second router, which has the map as it is now and sees no change of it. */
  async startRouterWithThisMap(): Promise<RouterProcess> {
    const { options, accountPassword, addressesFile } = this.router;
    const folder = join(this.folder, 'another');
    await mkdir(folder);
    const [port = 0, metricsPort = 0] = await findFreePorts(2);
    const another = new RouterProcess({ ...options, folder, port, metricsPort, accountPassword });
    await another.prepare();
    await copyFile(addressesFile, another.addressesFile);
    await writeMapFile(another.mapFile, CLUSTER, this.#map);
    await another.start();
    return another;
  }

  async close(): Promise<void> {
    await this.router.stop('SIGKILL');
    await Promise.all(this.shards.flat().map((server) => server.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }

  async #writeMap(): Promise<void> {
    await (this.#mapObject?.write(this.#map) ?? writeMapFile(this.router.mapFile, CLUSTER, this.#map));
  }

  async #makeDatabases(shard: number): Promise<void> {
    const { name } = this.keyspace;
    const databases = [
      ...this.slotsOf(shard).map((slot) => databaseOfSlot(name, slot)),
      sharedDatabase(name),
      ...(shard === 0 ? [unshardedDatabase(name)] : []),
    ];
    const grants = [
      ['ro', 'SELECT, SHOW VIEW'],
      ['rw', 'SELECT, SHOW VIEW, INSERT, UPDATE, DELETE, EXECUTE, CREATE TEMPORARY TABLES, LOCK TABLES'],
      ['owner', 'ALL PRIVILEGES'],
    ] as const;
    await this.primary(shard).query(
      [
        ...grants.map(([level]) => `CREATE ROLE ${roleName(level)}`),
        ...databases.map((database) => `CREATE DATABASE \`${database}\` CHARACTER SET utf8mb4`),
        ...grants.flatMap(([level, privileges]) =>
          databases.map((database) => `GRANT ${privileges} ON \`${database}\`.* TO ${roleName(level)}`),
        ),
      ].join(';\n'),
    );
  }

  async #makeRouterAccount(): Promise<void> {
    await this.onEveryShard(
      `CREATE DATABASE shardwright;
       CREATE TABLE shardwright.router_ids (node SMALLINT UNSIGNED NOT NULL PRIMARY KEY, claimed_until BIGINT UNSIGNED NOT NULL);
       CREATE TABLE shardwright.heartbeat (id TINYINT PRIMARY KEY, epoch BIGINT UNSIGNED NOT NULL, written_at DATETIME(6) NOT NULL);
       CREATE USER shardwright_router@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('${this.router.accountPassword}');
       GRANT SELECT ON mysql.global_priv TO shardwright_router@'%';
       GRANT SLAVE MONITOR, BINLOG MONITOR, REFERENCES ON *.* TO shardwright_router@'%';
       GRANT SELECT ON shardwright.heartbeat TO shardwright_router@'%';
       GRANT SELECT, INSERT, UPDATE ON shardwright.router_ids TO shardwright_router@'%'`,
    );
  }
}

/** Makes the world; nothing of it runs yet. */
export async function createRouterWorld(options: RouterWorldOptions = {}): Promise<RouterWorld> {
  const { shards: shardCount = 2, instances = 1, packaged = PACKAGED_MARIADB[0], furtherPackages } = options;
  const { holdSeconds = 10, mapObject } = options;
  if (packaged === undefined) {
    throw new Error('no MariaDB is supported');
  }
  const keyspace = { ...DEFAULT_KEYSPACE, ...options.keyspace };
  const folder = await mkdtemp(join(tmpdir(), 'shardwright-router-'));
  const databases = join(folder, 'databases');
  await mkdir(databases);
  const tls = await makeLoopbackCertificate(join(databases, 'tls'));
  const confineCall = await confineCalls(await rootFileSystem(packaged, furtherPackages), databases);
  const ports = await findFreePorts(shardCount * instances + 2);
  const shards = Array.from({ length: shardCount }, (_shard, shard) =>
    Array.from(
      { length: instances },
      (_server, ordinal) =>
        new DatabaseServer({
          pod: `${CLUSTER}-shard-${shard}-${ordinal}`,
          shard,
          serverId: shard * 1000 + ordinal + 1,
          port: ports[shard * instances + ordinal] ?? 0,
          folder: join(databases, `shard-${shard}-${ordinal}`),
          tls,
          confineCall,
        }),
    ),
  );
  const secret = randomBytes(32).toString('base64url');
  const router = new RouterProcess({
    folder,
    cluster: CLUSTER,
    secret,
    tls,
    port: ports.at(-1) ?? 0,
    metricsPort: ports.at(-2) ?? 0,
    holdSeconds,
    ...(mapObject === undefined ? {} : { kubeconfigPath: mapObject.kubeconfigPath }),
  });
  await router.prepare();
  const addresses = shards
    .flat()
    .map(({ pod, port }) => [pod, { host: '127.0.0.1', port, serverName: 'localhost' }]);
  await writeFile(router.addressesFile, JSON.stringify(Object.fromEntries(addresses)));
  return new RouterWorld({ folder, shards, router, secret, keyspace, mapObject });
}

function roleName(level: 'ro' | 'rw' | 'owner'): string {
  return `shardwright_keyspace_${KEYSPACE}_${level}`;
}

function slotsOfShard(shard: number, shards: number, slots: number): number[] {
  return Array.from({ length: slots }, (_slot, slot) => slot).filter((slot) => slot % shards === shard);
}

function firstMap(shards: readonly (readonly DatabaseServer[])[], keyspace: KeyspaceSettings): ShardMapSpec {
  return {
    revision: 1,
    shards: shards.map((servers, number) => ({
      number,
      name: `${CLUSTER}-shard-${number}`,
      epoch: 1,
      primary: servers[0]?.pod ?? null,
      replicas: servers.slice(1).map(({ pod }) => pod),
      ackers: [],
      initialised: true,
      acknowledgement: 'None',
    })),
    keyspaces: [
      {
        ...keyspace,
        homeShard: 0,
        slotsByShard: shards.map((_servers, shard) => ({
          shard,
          slots: writeSlotSet(slotsOfShard(shard, shards.length, keyspace.slots)),
        })),
      },
    ],
    users: [],
  };
}

/** Makes all servers but the first replicas of it. */
async function followFirst(servers: readonly DatabaseServer[]): Promise<void> {
  const [first, ...others] = servers;
  if (first === undefined || others.length === 0) {
    return;
  }
  await first.query(
    "CREATE USER replication@'%' IDENTIFIED BY 'replication'; GRANT REPLICATION SLAVE ON *.* TO replication@'%'",
  );
  await Promise.all(
    others.map((server) =>
      server.query(
        `SET GLOBAL read_only = 1;
         CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${first.port}, MASTER_USER='replication',
           MASTER_PASSWORD='replication', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1;
         START SLAVE`,
      ),
    ),
  );
}
