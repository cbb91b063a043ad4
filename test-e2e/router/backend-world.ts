/** One server, and what a router connects to it with. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  BackendServer,
  ConnectionTraits,
} from '../../operator/src/router/backend/backend-connection.ts';
import { BackendError } from '../../operator/src/router/backend/backend-error.ts';
import type { BackendPools } from '../../operator/src/router/backend/backend-pool.ts';
import { connectByTls, createBackendPools } from '../../operator/src/router/backend/backend-pools.ts';
import { connectBackend } from '../../operator/src/router/backend/connect-backend.ts';
import { StatementAllowance } from '../../operator/src/router/backend/statement-allowance.ts';
import type { Credential } from '../../operator/src/wire/login/credential.ts';
import { DEFAULT_POOL_SETTINGS, type PoolSettings } from '../../operator/src/router/backend/pool-settings.ts';
import type { ServerConnection } from '../../operator/src/router/backend/server-connection.ts';
import { createServerTrust, type ServerTrust } from '../../operator/src/wire/login/server-trust.ts';
import { noBackendMetrics } from '../../operator/src/router/metrics/backend-metrics.ts';
import { systemClock } from '../../operator/src/runtime/clock.ts';
import { findFreePorts } from '../cluster/control-plane/free-port.ts';
import { eventually } from '../install/eventually.ts';
import { makeLoopbackCertificate } from '../mariadb/certificates.ts';
import { confineCalls } from '../mariadb/confined-program.ts';
import { type PackagedMariadb, rootFileSystem } from '../mariadb/root-file-system.ts';
import { DatabaseServer } from './database-server.ts';
import { TranscriptSink } from './transcript-sink.ts';

/** May do everything. */
export const USER = 'app';
export const PASSWORD = 'secret of app';

export const PLAIN_TRAITS: ConnectionTraits = {
  foundRows: false,
  extendedMetadata: false,
  localFiles: true,
  generation: '',
};

export class BackendWorld {
  readonly database: DatabaseServer;
  readonly server: BackendServer;
  readonly trust: ServerTrust;
  readonly #folder: string;
  readonly #connections: ServerConnection[] = [];

  constructor(folder: string, database: DatabaseServer, authority: string) {
    this.#folder = folder;
    this.database = database;
    this.server = { pod: database.pod, host: '127.0.0.1', port: database.port, serverName: 'localhost' };
    this.trust = createServerTrust(() => authority);
  }

  /** A connection of `user`, by default the one who may do everything; ends with the world. */
  async connect(
    user = USER,
    credential: Credential = { kind: 'password', password: PASSWORD },
    trust = this.trust,
  ): Promise<ServerConnection> {
    const connection = await connectBackend(
      {
        server: this.server,
        user,
        credential,
        traits: PLAIN_TRAITS,
        trust,
        clock: systemClock,
        timeoutMilliseconds: 10_000,
        preparedStatements: 10,
        sharedStatements: new StatementAllowance(0),
      },
      new AbortController().signal,
    );
    this.#connections.push(connection);
    return connection;
  }

  /** Asks the server what a connection does until it likes the answer; null when there is no such connection any more. */
  stateOf(
    { threadId }: ServerConnection,
    accept: (state: string | null | undefined) => boolean,
  ): Promise<string | null | undefined> {
    return eventually(async () => {
      const [row] = await this.database.query(
        `SELECT STATE AS state FROM information_schema.processlist WHERE id = ${threadId}`,
      );
      return row === undefined ? null : row['state'];
    }, accept);
  }

  /** Pools of connections to the server. */
  pools(changes: Partial<PoolSettings> = {}): BackendPools {
    const settings = { ...DEFAULT_POOL_SETTINGS, loginMilliseconds: 10_000, ...changes };
    const connect = connectByTls(this.trust, systemClock, settings);
    return createBackendPools({ settings, clock: systemClock, metrics: noBackendMetrics, connect });
  }

  async close(): Promise<void> {
    this.#connections.forEach((connection) => connection.destroy(new BackendError('Retired', 'done')));
    await this.database.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Runs a statement, which must succeed; values of its rows. */
export async function run(connection: ServerConnection, sql: string): Promise<(string | null)[][]> {
  const sink = new TranscriptSink();
  const { error } = await connection.query(Buffer.from(sql), sink, {}, new AbortController().signal);
  if (error !== undefined) {
    throw new Error(`${error.errno}: ${error.message}, for ${sql.slice(0, 200)}`);
  }
  return sink.values();
}

/** Starts a server with an empty database `test` and a second one, `other`. */
export async function startBackendWorld(packaged: PackagedMariadb): Promise<BackendWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'shardwright-backend-'));
  const shared = join(folder, 'shared');
  await mkdir(shared);
  const tls = await makeLoopbackCertificate(join(shared, 'tls'));
  const confineCall = await confineCalls(await rootFileSystem(packaged), shared);
  const [port = 0] = await findFreePorts(1);
  const database = new DatabaseServer({
    pod: 'shard-0-0',
    shard: 0,
    serverId: 1,
    port,
    folder: join(shared, 'server'),
    tls,
    confineCall,
  });
  await database.initialise();
  await database.start();
  await database.query(
    `CREATE USER ${USER}@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('${PASSWORD}');
     GRANT ALL ON *.* TO ${USER}@'%' WITH GRANT OPTION;
     CREATE DATABASE test; CREATE DATABASE other; SET GLOBAL max_allowed_packet = 64 << 20`,
  );
  return new BackendWorld(folder, database, await readFile(tls.authority, 'utf8'));
}
