/** Two shards, routers and HAProxy in front of them, and the table of sysbench behind all of them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ShardMapSpec } from '../../../operator/src/api/v1alpha1/index.ts';
import {
  databaseOfSlot,
  sharedDatabase,
  unshardedDatabase,
} from '../../../operator/src/core/keyspace/database-names.ts';
import { writeMapFile } from '../../../operator/src/router/topology/map-file.ts';
import { findFreePorts } from '../../cluster/control-plane/free-port.ts';
import type { ChildProgram } from '../../cluster/control-plane/child-program.ts';
import type { Progress } from '../../cluster/progress.ts';
import { confineCalls } from '../../mariadb/confined-program.ts';
import { type PackagedMariadb, rootFileSystem } from '../../mariadb/root-file-system.ts';
import { RouterProcess } from '../../router/router-process.ts';
import {
  APPLICATION_USER,
  CLUSTER,
  createRouterWorld,
  KEYSPACE,
  type RouterWorld,
} from '../../router/router-world.ts';
import { haproxyVersion, startHaproxy } from './haproxy.ts';
import { type NodePipe, startNodePipe } from './node-pipe.ts';
import { type Endpoint, ROWS, Sysbench, SYSBENCH_PACKAGES } from './sysbench.ts';

/** The MariaDB that the figures are about. */
const MARIADB: PackagedMariadb = { version: '11.8', suite: 'trixie' };

/** Slots of the hashed keyspace: as many as a keyspace has by default. */
export const SLOTS = 256;

/**
 * Where the rows are.
 * - `hashed`: in 256 slots on both shards, by the hash of their ids.
 * - `oneSlot`: in one slot, which has the interval of all of their ids.
 * - `halves`: in two slots, by intervals of ids, one on each shard.
 */
export type Layout = 'hashed' | 'oneSlot' | 'halves';

const KEYSPACES: Readonly<Record<Layout, string>> = { hashed: KEYSPACE, oneSlot: 'whole', halves: 'halves' };
/** The first id of the second slot. */
const BOUNDS = { oneSlot: 10 * ROWS, halves: ROWS / 2 + 1 } as const;

/** Account and database for who goes past routers. */
const PLAIN = { user: 'bench', password: 'bench', database: 'sbtest' } as const;

const CONNECTIONS = ['--max-connections=3000'];

/** The stage, which stands. */
export interface RouterStage {
  readonly sysbench: Sysbench;
  readonly versions: Readonly<Record<string, string>>;
  readonly haproxy: ChildProgram;
  readonly pipe: NodePipe;
  /** With two workers, one for each processor, and with one. */
  readonly routers: { readonly two: RouterProcess; readonly one: RouterProcess; readonly tls: RouterProcess };
  direct(tls: boolean): Endpoint;
  throughHaproxy(tls: boolean): Endpoint;
  throughPipe(tls: boolean): Endpoint;
  throughRouter(router: RouterProcess, layout: Layout): Endpoint;
  /** Starts one more router, with one worker. */
  startRouter(): Promise<RouterProcess>;
  close(): Promise<void>;
}

/** Starts everything and makes the rows. */
export async function openRouterStage(progress: Progress): Promise<RouterStage> {
  const world = await createRouterWorld({
    shards: 2,
    packaged: MARIADB,
    furtherPackages: SYSBENCH_PACKAGES,
    keyspace: { slots: SLOTS, defaultKey: 'id', tables: [], transactions: 'Single' },
  });
  const cleanUp: (() => Promise<unknown>)[] = [() => world.close()];
  const close = async (): Promise<void> => {
    for (const clean of cleanUp.splice(0).toReversed()) {
      await clean();
    }
  };
  try {
    return await fillStage(world, progress, cleanUp, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function fillStage(
  world: RouterWorld,
  progress: Progress,
  cleanUp: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<RouterStage> {
  const folder = join(world.folder, 'databases');
  const confineCall = await confineCalls(await rootFileSystem(MARIADB, SYSBENCH_PACKAGES), folder);
  const versions = { HAProxy: await haproxyVersion(confineCall) };
  const sysbench = await Sysbench.open(join(folder, 'sysbench'), confineCall, world.router.options.tls);
  // The world's router is the one over TLS: its addresses are those of TCP.
  await progress.step('router: servers', () => world.begin(['--workers=2']));
  await makeFurtherDatabases(world);
  await world.changeMap(withFurtherKeyspaces);
  let routers = 0;
  const startRouter = async (workers: number): Promise<RouterProcess> => {
    routers += 1;
    const router = await startLocalRouter(world, `router-${routers}`, [
      `--workers=${workers}`,
      ...CONNECTIONS,
    ]);
    cleanUp.push(() => router.stop('SIGKILL'));
    return router;
  };
  const two = await startRouter(2);
  const one = await startRouter(1);
  const [plainPort = 0, tlsPort = 0, plainPipe = 0, tlsPipe = 0] = await findFreePorts(4);
  const { socket, port } = world.primary(0);
  const haproxy = await startHaproxy(folder, confineCall, [
    { port: plainPort, server: `unix@${socket}` },
    { port: tlsPort, server: `127.0.0.1:${port}` },
  ]);
  cleanUp.push(() => haproxy.stop());
  const pipe = await startNodePipe(world.folder, [
    { port: plainPipe, server: { path: socket } },
    { port: tlsPipe, server: { port } },
  ]);
  cleanUp.push(() => pipe.stop());
  const stage: RouterStage = {
    sysbench,
    versions: { ...versions, MariaDB: await mariadbVersion(world), sysbench: await sysbench.version() },
    haproxy,
    pipe,
    routers: { two, one, tls: world.router },
    direct: (tls) => ({ ...PLAIN, address: tls ? { port } : { socketPath: socket }, tls }),
    throughHaproxy: (tls) => ({ ...PLAIN, address: { port: tls ? tlsPort : plainPort }, tls }),
    throughPipe: (tls) => ({ ...PLAIN, address: { port: tls ? tlsPipe : plainPipe }, tls }),
    throughRouter: (router, layout) => ({
      address: { port: router.port },
      user: APPLICATION_USER,
      password: world.password,
      database: KEYSPACES[layout],
      tls: router === world.router,
    }),
    startRouter: () => startRouter(1),
    close,
  };
  await progress.step('router: rows', async () => {
    await sysbench.prepare(stage.direct(false));
    for (const layout of ['hashed', 'oneSlot', 'halves'] as const) {
      await sysbench.prepare(stage.throughRouter(two, layout));
    }
  });
  return stage;
}

/** A router that reaches the servers by their sockets. */
async function startLocalRouter(
  world: RouterWorld,
  name: string,
  routerArguments: readonly string[],
): Promise<RouterProcess> {
  const folder = join(world.folder, name);
  await mkdir(folder);
  const [port = 0, metricsPort = 0] = await findFreePorts(2);
  const { options, accountPassword } = world.router;
  const router = new RouterProcess({ ...options, folder, port, metricsPort, accountPassword });
  await router.prepare();
  const addresses = world.shards
    .flat()
    .map((server) => [
      server.pod,
      { host: '127.0.0.1', port: server.port, serverName: 'localhost', socketPath: server.socket },
    ]);
  await writeFile(router.addressesFile, JSON.stringify(Object.fromEntries(addresses)));
  await writeMapFile(router.mapFile, CLUSTER, world.map);
  await router.start(routerArguments);
  return router;
}

async function makeFurtherDatabases(world: RouterWorld): Promise<void> {
  const { user, password, database } = PLAIN;
  await world
    .primary(0)
    .query(
      `CREATE DATABASE ${database}; CREATE USER ${user}@'%' IDENTIFIED BY '${password}'; GRANT ALL ON ${database}.* TO ${user}@'%'`,
    );
  for (const shard of [0, 1]) {
    const databases = [KEYSPACES.oneSlot, KEYSPACES.halves].flatMap((keyspace) => [
      databaseOfSlot(keyspace, shard),
      sharedDatabase(keyspace),
      ...(shard === 0 ? [unshardedDatabase(keyspace)] : []),
    ]);
    await world
      .primary(shard)
      .query(
        databases
          .flatMap((name) => [
            `CREATE DATABASE \`${name}\``,
            `GRANT ALL ON \`${name}\`.* TO '${APPLICATION_USER}'@'%'`,
          ])
          .join(';'),
      );
  }
}

function withFurtherKeyspaces(map: ShardMapSpec): ShardMapSpec {
  const further = (['oneSlot', 'halves'] as const).map((layout) => ({
    name: KEYSPACES[layout],
    strategy: 'Range' as const,
    placement: 'Balanced' as const,
    slots: 2,
    defaultKey: 'id',
    tables: [],
    homeShard: 0,
    slotsByShard: [
      { shard: 0, slots: '0' },
      { shard: 1, slots: '1' },
    ],
    ranges: [{ slot: 0 }, { slot: 1, from: String(BOUNDS[layout]) }],
    transactions: layout === 'halves' ? ('Multi' as const) : ('Single' as const),
    consistency: 'Strong' as const,
  }));
  return { ...map, keyspaces: [...(map.keyspaces ?? []), ...further] };
}

async function mariadbVersion(world: RouterWorld): Promise<string> {
  const [row] = await world.primary(0).query('SELECT VERSION() AS version');
  return /^[\d.]+/.exec(String(row?.['version']))?.[0] ?? 'unknown';
}
