/**
 * A database is fenced while applications use it in every way they can: within it, by qualified names, with prepared statements, in
 * transactions, through functions. Whatever was acknowledged to them is there at the fence's position, and nothing comes after it.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection, ResultSetHeader } from 'mysql2/promise';
import { mariadbPositions } from '../../operator/src/engines/mariadb/gtid.ts';
import type { FenceOrder, FenceOutcome } from '../../operator/src/engines/slot-fence.ts';
import type { Position } from '../../operator/src/engines/position.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { CONNECTION_ENDED } from '../database/connection-ended.ts';
import { PACKAGED_MARIADB } from '../mariadb/root-file-system.ts';
import { type CopyWorld, startCopyWorld } from '../transfer/copy-world.ts';

const DATABASE = 'app_s0042';
/** Refused for want of rights: to a table, a database, a column or a routine. */
const REFUSALS = new Set([1142, 1044, 1143, 1370]);

/** For what happens by itself, on a machine with other things to do. */
const PATIENCE = { timeoutMilliseconds: 120_000, everyMilliseconds: 20 };

describe.each(PACKAGED_MARIADB)('a fence around a database of MariaDB $version', (packaged) => {
  let world: CopyWorld;
  let attempt = 0;
  const connections: Connection[] = [];

  beforeAll(async () => {
    world = await startCopyWorld(packaged);
    await world.from.run(`CREATE DATABASE ${DATABASE};
      CREATE TABLE ${DATABASE}.items (id BIGINT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20));
      CREATE TABLE ${DATABASE}.others (id INT PRIMARY KEY); CREATE SEQUENCE ${DATABASE}.counter;
      CREATE PROCEDURE ${DATABASE}.add_item() SQL SECURITY INVOKER INSERT INTO items (what) VALUES ('called')`);
  });

  beforeEach(async () => {
    await unfence();
  });

  afterEach(() => {
    connections.splice(0).forEach((connection) => connection.destroy());
  });

  afterAll(async () => {
    await world?.dispose();
  });

  const revision = (): number => attempt * 10;

  async function unfence(): Promise<void> {
    await world.from.slots.fence.unfence(
      { keyspace: 'app', database: DATABASE, revision: revision() + 1 },
      world.signal,
    );
  }

  async function fence(change: Partial<FenceOrder> = {}): Promise<FenceOutcome> {
    attempt += 1;
    return world.from.slots.fence.fence(
      {
        keyspace: 'app',
        database: DATABASE,
        attempt,
        revision: revision(),
        // For what ends by itself: a bound for what hangs.
        sessionsMilliseconds: 60_000,
        totalMilliseconds: 120_000,
        ...change,
      },
      world.signal,
    );
  }

  async function connect(database?: string): Promise<Connection> {
    const connection = await world.from.connectUser(database);
    connection.on('error', () => {});
    connections.push(connection);
    return connection;
  }

  async function position(): Promise<Position> {
    const [row] = await world.from.run('SELECT @@global.gtid_binlog_pos AS position');
    return String(row?.['position']) as Position;
  }

  const count = async (): Promise<number> => {
    const [row] = await world.from.run(`SELECT COUNT(*) AS n FROM ${DATABASE}.items`);
    return Number(row?.['n']);
  };

  /** Adds rows in one way until it is told to stop; identities of those that were acknowledged. */
  function write(add: (connection: Connection) => Promise<number>): {
    acknowledged: number[];
    refused: () => number;
    /** Rejects as soon as something else happens to it than a refusal. */
    ended: Promise<void>;
    stop: () => Promise<void>;
  } {
    const acknowledged: number[] = [];
    let refused = 0;
    const end = new AbortController();
    const work = (async () => {
      const connection = await connect('elsewhere');
      while (!end.signal.aborted) {
        try {
          acknowledged.push(await add(connection));
        } catch (error) {
          if (!REFUSALS.has((error as { errno?: number }).errno ?? 0)) {
            throw error;
          }
          refused += 1;
          await connection.query('ROLLBACK');
          await delay(2);
        }
      }
    })();
    return {
      acknowledged,
      refused: () => refused,
      ended: work,
      async stop() {
        end.abort();
        await work;
      },
    };
  }

  const insert = `INSERT INTO ${DATABASE}.items (what) VALUES ('x')`;
  const insertId = async (connection: Connection, sql: string): Promise<number> =>
    (await connection.query<ResultSetHeader>(sql))[0].insertId;

  const WAYS: Readonly<Record<string, (connection: Connection) => Promise<number>>> = {
    'single statements': async (connection) => insertId(connection, insert),
    'prepared statements': async (connection) =>
      (await connection.execute<ResultSetHeader>(insert))[0].insertId,
    transactions: async (connection) => {
      await connection.query('START TRANSACTION');
      const id = await insertId(connection, insert);
      await delay(2);
      await connection.query('COMMIT');
      return id;
    },
    'a procedure': async (connection) => {
      await connection.query(`CALL ${DATABASE}.add_item()`);
      return insertId(connection, insert);
    },
  };

  it('ends all writing at its position, whichever way it comes', async () => {
    for (let round = 0; round < 5; round += 1) {
      const writers = [...Object.values(WAYS), ...Object.values(WAYS)].map(write);
      const failed = Promise.all(writers.map(({ ended }) => ended));
      const wrote = waitFor(
        'every writer writes',
        () => (writers.every(({ acknowledged }) => acknowledged.length >= 3) ? true : undefined),
        PATIENCE,
      );
      await Promise.race([wrote, failed]);
      const outcome = await fence({ evicts: true });
      const [atFence, end] = await Promise.all([count(), position()]);
      expect(outcome).toMatchObject({ kind: 'Fenced' });
      const wereRefused = waitFor(
        'every writer is refused',
        () => (writers.every(({ refused }) => refused() > 0) ? true : undefined),
        PATIENCE,
      );
      await Promise.race([wereRefused, failed]);
      await Promise.all(writers.map(({ stop }) => stop()));
      expect(mariadbPositions.compare((outcome as { position: Position }).position, end)).toBe('equal');
      expect(await count()).toBe(atFence);
      const ids = writers.flatMap(({ acknowledged }) => acknowledged);
      expect(ids.length).toBeGreaterThan(20);
      const [row] = await world.from.run(
        `SELECT COUNT(*) AS n FROM ${DATABASE}.items WHERE id IN (${ids.join(', ')})`,
      );
      expect(Number(row?.['n'])).toBe(ids.length);
      await unfence();
    }
  });

  it('names the session that does not leave, and changes nothing for anybody', async () => {
    const inside = await connect(DATABASE);
    const outcome = await fence({ sessionsMilliseconds: 100 });
    expect(outcome).toEqual({
      kind: 'InTheWay',
      obstacle: {
        kind: 'Session',
        message: `session ${inside.threadId} of shop from localhost is in ${DATABASE}`,
      },
    });
    await inside.query("INSERT INTO items (what) VALUES ('inside')");
    await (await connect('elsewhere')).query(insert);
  });

  it('waits for sessions that leave in time', async () => {
    const inside = await connect(DATABASE);
    setTimeout(() => void inside.query('USE elsewhere'), 100);
    expect(await fence()).toMatchObject({ kind: 'Fenced' });
    await expect(inside.query(`USE ${DATABASE}`)).rejects.toMatchObject({ errno: 1044 });
  });

  it('ends sessions that do not leave where it may', async () => {
    const inside = await connect(DATABASE);
    const statement = await inside.prepare("INSERT INTO items (what) VALUES ('prepared')");
    await inside.query('START TRANSACTION');
    await statement.execute([]);
    const before = await count();
    expect(await fence({ evicts: true, sessionsMilliseconds: 50 })).toMatchObject({ kind: 'Fenced' });
    await expect(statement.execute([])).rejects.toThrow(CONNECTION_ENDED);
    expect(await count()).toBe(before);
  });

  it('is undone when a transaction that has used a table stays open', async () => {
    const outside = await connect('elsewhere');
    await outside.query('START TRANSACTION');
    await outside.query(insert);
    const began = performance.now();
    const outcome = await fence({ sessionsMilliseconds: 1000, totalMilliseconds: 2000 });
    expect(performance.now() - began).toBeGreaterThan(1990);
    expect(outcome).toMatchObject({ kind: 'InTheWay', obstacle: { kind: 'Transaction' } });
    expect((outcome as { obstacle: { message: string } }).obstacle.message).toContain(
      `session ${outside.threadId} of shop`,
    );
    // Its transaction goes on, and so does everybody else's.
    await outside.query(insert);
    await outside.query('COMMIT');
    await (await connect('elsewhere')).query(insert);
    expect(await fence()).toMatchObject({ kind: 'Fenced' });
  });

  it('stands until a later revision of the map ends it, whoever keeps up rights', async () => {
    await fence();
    const order = { keyspace: 'app', database: DATABASE };
    await expect(
      world.from.slots.fence.unfence({ ...order, revision: revision() }, world.signal),
    ).rejects.toMatchObject({ code: 'Refused' });
    // Raised again after a restart of the agent, it may fail and still stands.
    const outside = await connect('elsewhere');
    await world.from.run(
      `GRANT INSERT ON elsewhere.* TO shop@'%'; CREATE TABLE IF NOT EXISTS elsewhere.t (id INT PRIMARY KEY)`,
    );
    await expect(outside.query(insert)).rejects.toMatchObject({ errno: 1142 });
    expect(await fence()).toMatchObject({ kind: 'Fenced' });
    await unfence();
    await outside.query(insert);
  });

  it('gives every role its rights back, those that nobody has as well', async () => {
    const rights = `SELECT COUNT(DISTINCT User) AS n FROM mysql.db WHERE Host = '' AND Db = '${DATABASE.replace('_', '\\\\_')}'`;
    await fence();
    expect(await world.from.run(rights)).toMatchObject([{ n: 0 }]);
    await unfence();
    expect(await world.from.run(rights)).toMatchObject([{ n: 3 }]);
  });

  it('is raised around two databases at once', async () => {
    const second = 'app_s0043';
    await world.from.run(`CREATE DATABASE ${second}; CREATE TABLE ${second}.items (id INT PRIMARY KEY)`);
    await world.from.slots.fence.unfence({ keyspace: 'app', database: second, revision: 1 }, world.signal);
    const outside = await connect('elsewhere');
    await outside.query(`INSERT INTO ${second}.items VALUES (1)`);
    expect(await Promise.all([fence(), fence({ database: second })])).toMatchObject([
      { kind: 'Fenced' },
      { kind: 'Fenced' },
    ]);
    await expect(outside.query(`INSERT INTO ${second}.items VALUES (2)`)).rejects.toMatchObject({
      errno: 1142,
    });
    await expect(outside.query(insert)).rejects.toMatchObject({ errno: 1142 });
  });
});
