/**
 * A database is kept up with another shard, row by row, while an application changes everything that rows can be made of,
 * and whatever takes part is killed. Counted is what is there in the end: on the source, where it was received, and
 * on the replica of that.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { Position } from '../../operator/src/engines/position.ts';
import { PACKAGED_MARIADB } from '../mariadb/root-file-system.ts';
import type { DatabaseServer } from '../router/database-server.ts';
import { createDice, writeSomething } from '../transfer/random-writer.ts';
import { rowFigures } from '../transfer/row-figures.ts';
import type { TailProcess } from '../transfer/tail-process.ts';
import { DATABASE, type ProcessShard, TailWorld, until } from '../transfer/tail-world.ts';

/** An application that writes until it is told to stop; how many transactions it made. */
function startWriting(primary: DatabaseServer, version: string, seed: string): () => Promise<number> {
  const stop = new AbortController();
  const dice = createDice(seed);
  const written = (async () => {
    const connection = await primary.connect(DATABASE);
    await connection.query("SET SESSION sql_mode = '', NAMES utf8mb4");
    let count = 0;
    for (; !stop.signal.aborted; count += 1) {
      await writeSomething(connection, dice, version);
    }
    connection.destroy();
    return count;
  })();
  return () => {
    stop.abort();
    return written;
  };
}

/** Purges everything but the newest file of a server's log. One that somebody still reads stays: tried again for a while. */
async function forgetOldLogs(server: DatabaseServer): Promise<void> {
  for (let left = 300; left > 0; left -= 1) {
    const files = await server.query('SHOW BINARY LOGS');
    if (files.length === 1) {
      return;
    }
    await server.query(`PURGE BINARY LOGS TO '${String(files.at(-1)?.['Log_name'])}'`);
    await delay(100);
  }
  throw new Error(`read by somebody: ${JSON.stringify(await server.query('SHOW PROCESSLIST'))}`);
}

describe.each(PACKAGED_MARIADB)('a database of MariaDB $version follows another shard', (packaged) => {
  let world: TailWorld;
  let from: ProcessShard;
  let to: ProcessShard;
  let stopWriting: (() => Promise<number>) | undefined;
  let start: Position;

  beforeAll(async () => {
    world = await TailWorld.start(packaged);
    [from, to] = world.shards;
    start = await world.position(from.primary);
  });

  afterAll(async () => {
    await stopWriting?.().catch(() => {});
    await world.dispose();
  });

  /** Figures about all rows: of who gives them, and of everybody who has received them. */
  async function compare(
    giving: ProcessShard,
    receiving: ProcessShard,
  ): Promise<{ readonly expected: readonly unknown[]; readonly received: readonly unknown[] }> {
    await world.replicated(receiving);
    const given = await rowFigures(giving.primary, DATABASE);
    const members = [receiving.primary, ...receiving.replicas.filter(({ isRunning }) => isRunning)];
    const received = await Promise.all(members.map((member) => rowFigures(member, DATABASE)));
    return { expected: received.map(() => given), received };
  }

  it('has every row, though tails, the source and the receiving server are killed', async () => {
    const databases = [{ moveId: 'first-1', database: DATABASE, after: start }];
    stopWriting = startWriting(from.primary, world.version, `${world.version} forward`);
    const dice = createDice(`${world.version} kills`);
    const [near, far] = from.replicas as [DatabaseServer, DatabaseServer];
    let tail = await world.follow(to, near, databases);
    const next = async (source: DatabaseServer): Promise<TailProcess> => {
      await tail.kill();
      return world.follow(to, source, databases);
    };
    const moves = (): Promise<void> =>
      until('the tail moves', () => tail.positions.size > 0 && tail.lag !== null);

    for (let kill = 0; kill < 5; kill += 1) {
      await moves();
      await delay(dice.roll(400));
      tail = await next(near);
    }
    await moves();
    await near.stop();
    await until('the tail tells that its source is gone', () => tail.end !== undefined);
    expect(tail.end).toMatch(/^SourceLost/);
    tail = await next(far);
    for (let kill = 0; kill < 2; kill += 1) {
      await moves();
      await delay(dice.roll(300));
      await to.primary.stop();
      await until('the tail tells that its server is gone', () => tail.end !== undefined);
      expect(tail.end).toMatch(/^Unreachable/);
      await world.startServer(to.primary);
      tail = await next(far);
    }
    await moves();
    const count = await stopWriting();
    expect(count).toBeGreaterThan(100);
    await world.reached(tail, 'first-1', await world.position(from.primary));
    expect(tail.stopped).toEqual([]);
    const { expected, received } = await compare(from, to);
    expect(received).toEqual(expected);
    await tail.kill();
    await world.startServer(near);
    await near.query('START SLAVE');
  });

  it('has its own transactions, in the history of its own shard', async () => {
    const [row] = await to.primary.query('SELECT @@global.gtid_binlog_pos AS position');
    expect(String(row?.['position'])).toMatch(/^1-1001-\d+$/);
  });

  it('moves back and forth ten times, and loses nothing', async () => {
    let [giving, receiving] = [to, from];
    for (let turn = 1; turn <= 10; turn += 1) {
      const moveId = `turn-${turn}`;
      const after = await world.position(giving.primary);
      stopWriting = startWriting(giving.primary, world.version, `${world.version} turn ${turn}`);
      const source = giving.replicas[0] as DatabaseServer;
      const tail = await world.follow(receiving, source, [{ moveId, database: DATABASE, after }]);
      await until('the tail moves', () => tail.positions.size > 0);
      await delay(200);
      await stopWriting();
      await world.reached(tail, moveId, await world.position(giving.primary));
      const { expected, received } = await compare(giving, receiving);
      expect(received).toEqual(expected);
      await tail.kill();
      [giving, receiving] = [receiving, giving];
    }
  });

  it('brings a row that is larger than any statement may be', async () => {
    const after = await world.position(from.primary);
    await from.primary.query(
      `USE ${DATABASE}; REPLACE INTO bytes (id, m) VALUES (2000, REPEAT(RANDOM_BYTES(1000), 12000));
       UPDATE bytes SET l = REVERSE(m) WHERE id = 2000; UPDATE bytes SET b = 'at last' WHERE id = 2000`,
    );
    const tail = await world.follow(to, from.primary, [{ moveId: 'large', database: DATABASE, after }]);
    await world.reached(tail, 'large', await world.position(from.primary));
    const row = 'SELECT MD5(m) AS m, MD5(l) AS l, b FROM bytes WHERE id = 2000';
    const expected = await from.primary.query(`USE ${DATABASE}; ${row}`).then((results) => results[1]);
    expect(await to.primary.query(`USE ${DATABASE}; ${row}`).then((results) => results[1])).toEqual(expected);
    expect(expected).toEqual([{ m: expect.any(String), l: expect.any(String), b: Buffer.from('at last') }]);
    const [setting] = await to.primary.query('SELECT @@global.max_allowed_packet AS bytes');
    expect(Number(setting?.['bytes'])).toBe(16 << 20);
    await tail.kill();
  });

  it('stops at a definition, with everything before it', async () => {
    const after = await world.position(from.primary);
    const tail = await world.follow(to, from.primary, [{ moveId: 'defined', database: DATABASE, after }]);
    await from.primary
      .query(
        `INSERT INTO ${DATABASE}.watched VALUES (1001, 1); CREATE TABLE noise.more (id INT PRIMARY KEY); REVOKE ALL PRIVILEGES ON noise.* FROM PUBLIC`,
      )
      .catch(() => {});
    const before = await world.position(from.primary);
    await world.reached(tail, 'defined', before);
    await from.primary.query(
      `ALTER TABLE ${DATABASE}.watched ADD late INT; INSERT INTO ${DATABASE}.watched VALUES (1002, 1, 1)`,
    );
    await until('the tail has stopped', () => tail.stopped.length > 0);
    expect(tail.stopped).toEqual([
      expect.stringMatching(/^defined,.*was changed at the source by ALTER TABLE/),
    ]);
    const rows = await to.primary.query(`SELECT id FROM ${DATABASE}.watched WHERE id > 1000`);
    expect(rows.map((row) => row['id'])).toEqual([1001]);
  });

  it('is told that its position is gone', async () => {
    await from.primary.query('FLUSH BINARY LOGS');
    await forgetOldLogs(from.primary);
    const tail = await world.follow(to, from.primary, [
      { moveId: 'late', database: 'elsewhere', after: start },
    ]);
    await until('the tail has ended', () => tail.end !== undefined);
    expect(tail.end).toMatch(/^PositionLost/);
  });
});
