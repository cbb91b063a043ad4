/** Two primaries as processes, each with what an agent beside it would offer for moves. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { openConnection } from '../../operator/src/engines/mariadb/connection.ts';
import { SCHEMA_SQL } from '../../operator/src/engines/mariadb/own-schema.ts';
import { grantsOf } from '../../operator/src/engines/mariadb/privileges.ts';
import { RightsTurns } from '../../operator/src/engines/mariadb/transfer/rights-turns.ts';
import { createSlotOperations } from '../../operator/src/engines/mariadb/transfer/slot-operations.ts';
import type { Position } from '../../operator/src/engines/position.ts';
import { runProgram, startProgram } from '../../operator/src/engines/programs.ts';
import type { Source } from '../../operator/src/engines/source.ts';
import type { SlotOperations } from '../../operator/src/engines/slot-operations.ts';
import type { Tail, TransferThrottle } from '../../operator/src/engines/slot-transfer.ts';
import { systemClock } from '../../operator/src/runtime/clock.ts';
import { findFreePorts } from '../cluster/control-plane/free-port.ts';
import { makeLoopbackCertificate } from '../mariadb/certificates.ts';
import { confineCalls } from '../mariadb/confined-program.ts';
import { type PackagedMariadb, rootFileSystem } from '../mariadb/root-file-system.ts';
import { DatabaseServer } from '../router/database-server.ts';

const REPLICATION = { user: 'shardwright_replication', password: 'secret of replication' };
const AGENT_PASSWORD = 'secret of agent';
const USER_PASSWORD = 'secret of user';

/** A role of the keyspace `app`, and the user who has it. */
const WRITERS = 'shardwright_keyspace_app_rw';
export const USER = 'shop';

/** A primary, and what its agent would use. */
export interface WorldSide {
  readonly server: DatabaseServer;
  readonly slots: SlotOperations;
  /** As the other side's agent reaches it. */
  readonly source: Source;
  /** A connection of an application's user. */
  connectUser(database?: string): Promise<Connection>;
  /** Runs one statement as `root`. */
  run(sql: string, database?: string): Promise<readonly RowDataPacket[]>;
}

/** See above. */
export interface CopyWorld {
  readonly from: WorldSide;
  readonly to: WorldSide;
  readonly signal: AbortSignal;
  /** Runs a line of shell beside the servers, with their programs. */
  readonly runShell: (line: string) => Promise<void>;
  dispose(): Promise<void>;
}

/** Where nothing changes, every position is the same. */
export const NO_TAIL: Tail = {
  ended: new Promise<never>(() => {}),
  hold: async () => ({ position: () => '' as Position, advance: async () => {}, release() {} }),
};

/** Nothing holds work up. */
export const AT_FULL_SPEED: TransferThrottle = {
  limits: () => ({ batchRows: 1000 }),
  shouldPause: () => null,
};

export async function startCopyWorld(packaged: PackagedMariadb): Promise<CopyWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'shardwright-copy-'));
  const shared = join(folder, 'shared');
  await mkdir(shared);
  const tls = await makeLoopbackCertificate(join(shared, 'tls'));
  const confineCall = await confineCalls(await rootFileSystem(packaged), shared);
  const ports = await findFreePorts(2);
  const [first, second] = [0, 1].map(
    (shard) =>
      new DatabaseServer({
        pod: `shard-${shard}-0`,
        shard,
        serverId: shard * 1000 + 1,
        port: ports[shard] ?? 0,
        folder: join(shared, `server-${shard}`),
        tls,
        confineCall,
      }),
  ) as [DatabaseServer, DatabaseServer];
  await first.initialise();
  await second.copyFrom(first);
  const end = new AbortController();
  const begin = async (server: DatabaseServer): Promise<WorldSide> => {
    await server.start();
    const own = SCHEMA_SQL.split(';\n').filter((sql) => sql !== '' && !sql.startsWith('DELETE'));
    const grants = grantsOf({
      ...REPLICATION,
      name: '',
      purpose: 'replication',
      requireTls: true,
      schemas: [],
    });
    await server.query(
      [
        ...own,
        `CREATE USER ${REPLICATION.user}@'%' IDENTIFIED BY '${REPLICATION.password}' REQUIRE SSL`,
        ...grants.map((grant) => `GRANT ${grant} TO ${REPLICATION.user}@'%'`),
        `CREATE USER shardwright_agent@localhost IDENTIFIED BY '${AGENT_PASSWORD}'`,
        'GRANT ALL ON *.* TO shardwright_agent@localhost WITH GRANT OPTION',
        ...['ro', 'rw', 'owner'].map((level) => `CREATE ROLE shardwright_keyspace_app_${level}`),
        `CREATE USER ${USER}@'%' IDENTIFIED BY '${USER_PASSWORD}'; GRANT ${WRITERS} TO ${USER}@'%'; SET DEFAULT ROLE ${WRITERS} FOR ${USER}@'%'`,
        `CREATE DATABASE elsewhere; GRANT ALL ON elsewhere.* TO ${WRITERS}`,
      ].join(';'),
    );
    const open = async (signal: AbortSignal) => openConnection(server.socket, AGENT_PASSWORD, signal);
    const control = await open(end.signal);
    const connectUser = async (database?: string): Promise<Connection> =>
      createConnection({
        socketPath: server.socket,
        user: USER,
        password: USER_PASSWORD,
        ...(database === undefined ? {} : { database }),
      });
    return {
      server,
      slots: createSlotOperations({
        socketPath: server.socket,
        password: AGENT_PASSWORD,
        tls,
        clock: systemClock,
        turns: new RightsTurns(),
        control,
        open,
      }),
      source: { host: 'localhost', port: server.port, ...REPLICATION },
      connectUser,
      async run(sql, database) {
        const connection = await server.connect(database);
        try {
          await connection.query(
            "SET NAMES utf8mb4, time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'",
          );
          const [rows] = await connection.query<RowDataPacket[]>(sql);
          return rows;
        } finally {
          connection.destroy();
        }
      },
    };
  };
  const [from, to] = await Promise.all([begin(first), begin(second)]);
  return {
    from,
    to,
    signal: end.signal,
    async runShell(line) {
      const call = confineCall({ program: 'sh', arguments: ['-c', line] });
      await runProgram(startProgram, call, end.signal);
    },
    async dispose() {
      end.abort(new Error('the test has ended'));
      await Promise.all([first.stop(), second.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
