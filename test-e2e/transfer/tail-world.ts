/** Two shards as processes: one of three members and one of two, with a database to move between them. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Source } from '../../operator/src/engines/source.ts';
import type { FollowedDatabase } from '../../operator/src/engines/slot-transfer.ts';
import type { Position } from '../../operator/src/engines/position.ts';
import { mariadbPositions } from '../../operator/src/engines/mariadb/gtid.ts';
import { SCHEMA_SQL } from '../../operator/src/engines/mariadb/own-schema.ts';
import { findFreePorts } from '../cluster/control-plane/free-port.ts';
import { makeLoopbackCertificate } from '../mariadb/certificates.ts';
import { confineCalls } from '../mariadb/confined-program.ts';
import { type PackagedMariadb, rootFileSystem } from '../mariadb/root-file-system.ts';
import { DatabaseServer } from '../router/database-server.ts';
import { definitions } from './every-type.ts';
import { TailProcess } from './tail-process.ts';

/** The database that is moved. */
export const DATABASE = 'app_s0042';

const MOVER = { user: 'shardwright_replication', password: 'secret of replication' };
const AGENT_PASSWORD = 'secret of agent';
/** For what should happen at once, on a machine with other things to do. */
const PATIENCE_MILLISECONDS = 120_000;

/** A shard: a primary and members that follow it. */
export interface ProcessShard {
  readonly primary: DatabaseServer;
  readonly replicas: readonly DatabaseServer[];
}

/** See above. */
export class TailWorld {
  readonly version: string;
  readonly shards: readonly [ProcessShard, ProcessShard];
  readonly #folder: string;
  readonly #authority: string;
  readonly #tails = new Set<TailProcess>();

  private constructor(
    folder: string,
    version: string,
    authority: string,
    shards: readonly [ProcessShard, ProcessShard],
  ) {
    this.#folder = folder;
    this.version = version;
    this.#authority = authority;
    this.shards = shards;
  }

  static async start(packaged: PackagedMariadb): Promise<TailWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'shardwright-tail-'));
    const shared = join(folder, 'shared');
    await mkdir(shared);
    const tls = await makeLoopbackCertificate(join(shared, 'tls'));
    const confineCall = await confineCalls(await rootFileSystem(packaged), shared);
    const ports = await findFreePorts(5);
    const servers = [0, 0, 0, 1, 1].map(
      (shard, index) =>
        new DatabaseServer({
          pod: `shard-${shard}-${index % 3}`,
          shard,
          serverId: shard * 1000 + (index % 3) + 1,
          port: ports[index] ?? 0,
          folder: join(shared, `server-${index}`),
          tls,
          confineCall,
        }),
    );
    const [first, ...others] = servers as [DatabaseServer, ...DatabaseServer[]];
    await first.initialise();
    await Promise.all(others.map((other) => other.copyFrom(first)));
    const shards = [
      { primary: first, replicas: servers.slice(1, 3) },
      { primary: servers[3] as DatabaseServer, replicas: servers.slice(4) },
    ] as const;
    const world = new TailWorld(folder, packaged.version, await readFile(tls.authority, 'utf8'), shards);
    await Promise.all(shards.map((shard) => world.#begin(shard)));
    return world;
  }

  async #begin({ primary, replicas }: ProcessShard): Promise<void> {
    await Promise.all([primary, ...replicas].map((server) => this.startServer(server)));
    await primary.query(
      `${SCHEMA_SQL.split(';\n')
        .filter((statement) => statement !== '' && !statement.startsWith('DELETE'))
        .join(';')};
       CREATE USER ${MOVER.user}@'%' IDENTIFIED BY '${MOVER.password}' REQUIRE SSL; GRANT REPLICATION SLAVE ON *.* TO ${MOVER.user}@'%';
       CREATE USER shardwright_agent@localhost IDENTIFIED BY '${AGENT_PASSWORD}'; GRANT ALL ON *.* TO shardwright_agent@localhost;
       CREATE DATABASE noise; CREATE TABLE noise.things (id INT PRIMARY KEY, a INT); CREATE DATABASE ${DATABASE}`,
    );
    const connection = await primary.connect(DATABASE);
    for (const statement of definitions(this.version)) {
      await connection.query(statement);
    }
    connection.destroy();
    for (const replica of replicas) {
      await replica.query(
        `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${primary.port}, MASTER_USER = '${MOVER.user}',
           MASTER_PASSWORD = '${MOVER.password}', MASTER_SSL = 1, MASTER_SSL_VERIFY_SERVER_CERT = 0, MASTER_USE_GTID = slave_pos;
         SET GLOBAL slave_net_timeout = 2; START SLAVE`,
      );
    }
  }

  /** Starts a server that keeps what it has committed, whatever is killed. */
  async startServer(server: DatabaseServer): Promise<void> {
    await server.start();
    await server.query('SET GLOBAL innodb_flush_log_at_trx_commit = 1, sync_binlog = 1');
  }

  /** The end of a server's log. */
  async position(server: DatabaseServer): Promise<Position> {
    const [row] = await server.query('SELECT @@global.gtid_binlog_pos AS position');
    return String(row?.['position']) as Position;
  }

  /** Follows a member here, on the primary of a shard, in a process of its own. */
  async follow(
    receiving: ProcessShard,
    source: DatabaseServer,
    databases: readonly FollowedDatabase[],
  ): Promise<TailProcess> {
    const from: Source = { host: 'localhost', port: source.port, ...MOVER };
    const tail = await TailProcess.start(this.#folder, {
      socketPath: receiving.primary.socket,
      agentPassword: AGENT_PASSWORD,
      authority: this.#authority,
      databases,
      source: from,
    });
    this.#tails.add(tail);
    return tail;
  }

  /** Resolves when a tail has reached a position with a move; fails when the tail has ended. */
  async reached(tail: TailProcess, moveId: string, position: Position): Promise<void> {
    await until(`the tail is at ${position}`, () => {
      if (tail.end !== undefined) {
        throw new Error(`the tail has ended: ${tail.end}`);
      }
      const at = tail.positions.get(moveId);
      return at !== undefined && mariadbPositions.covers(at as Position, position);
    });
  }

  /** Resolves when replicas have all that their primary has. */
  async replicated({ primary, replicas }: ProcessShard): Promise<void> {
    const position = await this.position(primary);
    for (const replica of replicas.filter(({ isRunning }) => isRunning)) {
      await replica.query(`SELECT MASTER_GTID_WAIT('${position}', 60)`);
    }
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#tails].map((tail) => tail.kill()));
    await Promise.all(
      this.shards.flatMap(({ primary, replicas }) => [primary, ...replicas].map((server) => server.stop())),
    );
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Resolves when something holds; looks often. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MILLISECONDS;
  while (!holds()) {
    if (performance.now() > deadline) {
      throw new Error(`waited in vain until ${what}`);
    }
    await delay(5);
  }
}
