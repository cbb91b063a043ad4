/**
 * A database is copied from another shard on real servers, and compared with it: with everything in it that can be exact or not,
 * while an application writes, and after the copy was interrupted. What a comparison would miss would be lost in every move.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { mariadbPositions } from '../../operator/src/engines/mariadb/gtid.ts';
import type { Position } from '../../operator/src/engines/position.ts';
import type {
  CopyResult,
  FollowedDatabase,
  Tail,
  TransferPause,
  Verdict,
} from '../../operator/src/engines/slot-transfer.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { PACKAGED_MARIADB } from '../mariadb/root-file-system.ts';
import { AT_FULL_SPEED, type CopyWorld, NO_TAIL, startCopyWorld } from '../transfer/copy-world.ts';
import {
  KEY_KINDS,
  keyDefinitions,
  partOfKind,
  someKeyedChange,
  someLaterChange,
} from '../transfer/every-key.ts';
import { ALTERATIONS, everyObject } from '../transfer/every-object.ts';
import { createDice, writeSomething } from '../transfer/random-writer.ts';
import { definitions } from '../transfer/every-type.ts';

describe.each(PACKAGED_MARIADB)('a copy of a database of MariaDB $version', (packaged) => {
  let world: CopyWorld;

  beforeAll(async () => {
    world = await startCopyWorld(packaged);
  });

  afterAll(async () => {
    await world?.dispose();
  });

  async function make(database: string, statements: readonly string[]): Promise<void> {
    await world.from.run(
      `DROP DATABASE IF EXISTS ${database}; CREATE DATABASE ${database} CHARACTER SET latin1 COLLATE latin1_german1_ci`,
    );
    const connection = await world.from.server.connect(database);
    await connection.query(
      "SET NAMES utf8mb4, time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'",
    );
    for (const statement of statements) {
      await connection.query(statement);
    }
    connection.destroy();
  }

  const copy = async (database: string, moveId: string) =>
    world.to.slots.transfer.copy(
      { moveId, database, source: world.from.source, throttle: AT_FULL_SPEED, onProgress() {} },
      world.signal,
    );

  const verify = async (database: string, moveId: string, tail: Tail = NO_TAIL): Promise<Verdict> =>
    world.to.slots.transfer.verify(
      { moveId, database, source: world.from.source, tail, throttle: AT_FULL_SPEED, onProgress() {} },
      world.signal,
    );

  it('has every value and every object as it was', async () => {
    await make('app_s0001', everyObject(packaged.version));
    const { position, tables } = await copy('app_s0001', 'm-1');
    expect(tables).toBe(10);
    expect(await world.to.slots.transfer.readProgress(world.signal)).toEqual([
      { moveId: 'm-1', database: 'app_s0001', position },
    ]);
    const [there, here] = await Promise.all(
      [world.from, world.to].map(async ({ server }) => readFile(await server.dump('app_s0001'), 'utf8')),
    );
    const definitionsAndRows = (dump = ''): string => dump.replaceAll(/^-- (Dump completed|Host:).*$/gm, '');
    expect(definitionsAndRows(here)).toBe(definitionsAndRows(there));
    expect(await verify('app_s0001', 'm-1')).toMatchObject({ isEqual: true, differences: [], tables: 10 });
    const sizes = await world.to.slots.measure(['app_s0001', 'app_s0999'], world.signal);
    // The rows that statements handle are counted by servers that are told to.
    const { rows, bytes } = { rows: expect.any(Number), bytes: expect.any(Number) };
    expect(sizes).toEqual([{ database: 'app_s0001', rows, bytes, rowsHandled: null }]);
    // A page for each table at least.
    expect(sizes[0]?.bytes).toBeGreaterThanOrEqual(10 * 16_384);
    const sequence = 'SELECT * FROM app_s0001.counter';
    expect(await world.to.run(sequence)).toEqual(await world.from.run(sequence));
  });

  it('differs in the eyes of a comparison when one value does', async () => {
    const missed: string[] = [];
    for (const [table, sql] of ALTERATIONS) {
      await copy('app_s0001', 'm-1');
      await world.to.run(`SET check_constraint_checks = 0; ${sql}`, 'app_s0001');
      const { isEqual, differences } = await verify('app_s0001', 'm-1');
      if (isEqual || differences[0]?.table !== table) {
        missed.push(`${sql}: ${JSON.stringify(differences)}`);
      }
    }
    expect(missed).toEqual([]);
  });

  it('is refused for what it could not be exact for, with what to do', async () => {
    await world.from.run(
      'CREATE DATABASE IF NOT EXISTS app_s0009; CREATE TABLE IF NOT EXISTS app_s0009.p (id INT PRIMARY KEY)',
    );
    await make('app_s0002', [
      'CREATE TABLE keyless (id INT)',
      'CREATE TABLE aria (id INT PRIMARY KEY) ENGINE = Aria',
      'CREATE TABLE history (id INT PRIMARY KEY) WITH SYSTEM VERSIONING',
      'CREATE TABLE leaves (id INT PRIMARY KEY, CONSTRAINT leaving FOREIGN KEY (id) REFERENCES app_s0009.p (id))',
      'CREATE EVENT runs ON SCHEDULE EVERY 1 DAY DO DELETE FROM aria',
      "CREATE USER IF NOT EXISTS stranger@'%'",
      "GRANT SELECT ON app_s0002.aria TO stranger@'%'",
    ]);
    const findings = await world.from.slots.inspect(['app_s0002'], world.signal);
    expect(findings.map(({ problem, object }) => [problem, object])).toEqual([
      ['NoPrimaryKey', 'keyless'],
      ['StorageEngine', 'aria'],
      ['Versioned', 'history'],
      ['ForeignKeyLeaves', 'leaving'],
      ['ScheduledEvent', 'runs'],
      ['OtherRights', 'stranger'],
    ]);
    await expect(copy('app_s0002', 'm-2')).rejects.toMatchObject({ code: 'NotMovable' });
    expect(await world.to.run("SHOW DATABASES LIKE 'app_s0002'")).toEqual([]);
  });

  it('never overwrites or drops what users have rights on', async () => {
    await make('app_s0003', ['CREATE TABLE t (id INT PRIMARY KEY)']);
    await world.to.run(
      'CREATE DATABASE app_s0003; CREATE TABLE app_s0003.served (id INT PRIMARY KEY); GRANT SELECT ON `app\\_s0003`.* TO shardwright_keyspace_app_rw',
    );
    await expect(copy('app_s0003', 'm-3')).rejects.toMatchObject({ code: 'Refused' });
    await expect(world.to.slots.transfer.drop('app_s0003', 'm-3', world.signal)).rejects.toMatchObject({
      code: 'Refused',
    });
    expect(await world.to.run('SHOW TABLES FROM app_s0003')).toHaveLength(1);
  });

  it('is started again from nothing after an interruption, and is equal while an application writes', async () => {
    const database = 'app_s0004';
    const withoutHistory = definitions(packaged.version).filter((sql) => !sql.includes('SYSTEM VERSIONING'));
    await world.from.run('CREATE DATABASE noise; CREATE TABLE noise.things (id INT PRIMARY KEY, a INT)');
    await make(database, [
      ...withoutHistory,
      'CREATE TABLE history (id INT PRIMARY KEY, a INT)',
      'CREATE TABLE many (id INT PRIMARY KEY, text VARCHAR(200))',
      "INSERT INTO many SELECT seq, REPEAT('x', seq MOD 200) FROM seq_1_to_50000",
    ]);
    const stop = new AbortController();
    const writing = (async () => {
      const dice = createDice('copy');
      const connection = await world.from.server.connect(database);
      await connection.query("SET SESSION sql_mode = '', NAMES utf8mb4");
      while (!stop.signal.aborted) {
        await writeSomething(connection, dice, packaged.version);
      }
      connection.destroy();
    })();

    const interrupted = new AbortController();
    const rows: number[] = [];
    const reasons: (string | null)[] = [];
    let pause: TransferPause | null = null;
    await expect(
      world.to.slots.transfer.copy(
        {
          moveId: 'm-4',
          database,
          source: world.from.source,
          throttle: { limits: () => ({ batchRows: 100, rowsPerSecond: 20_000 }), shouldPause: () => pause },
          onProgress(progress) {
            rows.push(progress.rows);
            const reason = progress.paused?.reason ?? null;
            if (reasons.at(-1) !== reason) {
              reasons.push(reason);
              if (reason !== null) {
                setTimeout(() => interrupted.abort(new Error('killed')), 600);
              }
            }
            if (progress.rows > 5000) {
              pause = { reason: 'ReplicaLags', message: 'a replica is behind' };
            }
          },
        },
        interrupted.signal,
      ),
    ).rejects.toThrow('killed');
    expect(reasons).toContain('ReplicaLags');
    expect(rows.at(-1)).toBeLessThan(50_000);
    expect(
      (await world.to.slots.transfer.readProgress(world.signal)).map(({ moveId }) => moveId),
    ).not.toContain('m-4');

    const { position } = await copy(database, 'm-4');
    const following = new AbortController();
    const problems: unknown[] = [];
    const tail = world.to.slots.transfer.follow(
      {
        databases: [{ moveId: 'm-4', database, after: position }],
        source: world.from.source,
        onPosition() {},
        onLag() {},
        onStopped: (_move, error) => problems.push(error),
      },
      following.signal,
    );
    tail.ended.catch((error: unknown) => problems.push(error));
    for (let round = 0; round < 3; round += 1) {
      await delay(500);
      const verdict = await verify(database, 'm-4', tail);
      expect(verdict.differences).toEqual([]);
      expect(verdict.rows).toBeGreaterThan(50_000);
    }
    expect(problems).toEqual([]);
    following.abort(new Error('done'));
    stop.abort();
    await writing;

    await world.to.slots.transfer.drop(database, 'm-4', world.signal);
    await world.to.slots.transfer.drop(database, 'm-4', world.signal);
    expect(await world.to.run(`SHOW DATABASES LIKE '${database}'`)).toEqual([]);
    expect((await world.to.slots.transfer.readProgress(world.signal)).map(({ moveId }) => moveId)).toEqual([
      'm-1',
    ]);
  });

  it.each(KEY_KINDS)('is divided by key on its own shard, and united again: $database', async (kind) => {
    const { transfer, fence } = world.from.slots;
    const { database } = kind;
    await make(database, keyDefinitions(kind));
    const dice = createDice(`${database} ${packaged.version}`);
    const connection = await world.from.server.connect(database);
    await connection.query("SET SESSION sql_mode = '', NAMES utf8mb4");
    const write = async (count: number): Promise<void> => {
      for (let left = count; left > 0; left -= 1) {
        await connection.query(someKeyedChange(dice, kind));
      }
    };
    const tables = keyDefinitions(kind).map((sql) => /TABLE (\w+)/.exec(sql)?.[1] ?? '');
    const rowsOf = async (...databases: readonly string[]): Promise<readonly unknown[]> =>
      world.from.run(
        databases
          .flatMap((name) =>
            tables.map((table) =>
              table.startsWith('k')
                ? `SELECT '${table}' AS part, id, CAST(k AS CHAR) AS k, t, a, after FROM ${name}.${table}`
                : `SELECT '${table}', id, CAST(k AS CHAR), NULL, NULL, NULL FROM ${name}.${table}`,
            ),
          )
          .join(' UNION ALL ') + ' ORDER BY 1, 3, 2',
      );
    const positions = new Map<string, Position>();
    const problems: unknown[] = [];
    const follow = (databases: readonly FollowedDatabase[], signal: AbortSignal): Tail => {
      const tail = transfer.follow(
        {
          databases,
          source: world.from.source,
          onPosition: (move, position) => positions.set(move, position),
          onLag() {},
          onStopped: (_move, error) => problems.push(error),
        },
        signal,
      );
      tail.ended.catch((error: unknown) => problems.push(error));
      return tail;
    };
    const reached = async (moves: readonly string[], position: Position): Promise<void> => {
      await waitFor(
        `${moves.join(' and ')} to be at ${position}`,
        () => {
          const known = moves.map((move) => positions.get(move));
          if (!known.every((each) => each !== undefined && mariadbPositions.covers(each, position))) {
            throw new Error(JSON.stringify([...positions]));
          }
          return true;
        },
        { timeoutMilliseconds: 120_000, everyMilliseconds: 10 },
      );
    };

    await write(150);
    const parts = (['outside', 'inside'] as const).map((side, index) => ({
      moveId: `${database}-${side}`,
      database,
      here: { database: `app_s002${index}`, rows: partOfKind(kind, side) },
      source: world.from.source,
      throttle: AT_FULL_SPEED,
      onProgress() {},
    }));
    const before = (await rowsOf(database)).length;
    const copied = await Promise.all(parts.map(async (part) => transfer.copy(part, world.signal)));
    expect(copied.reduce((sum, { rows }) => sum + rows, 0)).toBe(before);
    expect(Math.min(...copied.map(({ rows }) => rows))).toBeGreaterThan(10);
    await write(100);
    const following = new AbortController();
    const tails = parts.map(({ moveId, here }, index) =>
      follow([{ moveId, database, here, after: (copied[index] as CopyResult).position }], following.signal),
    );
    for (let round = 0; round < 2; round += 1) {
      const writing = write(80);
      for (const [index, part] of parts.entries()) {
        const verdict = await transfer.verify({ ...part, tail: tails[index] ?? NO_TAIL }, world.signal);
        expect(verdict.differences).toEqual([]);
      }
      await writing;
    }
    connection.destroy();

    const fenced = await fence.fence(
      {
        keyspace: 'app',
        database,
        attempt: 1,
        revision: 7,
        sessionsMilliseconds: 60_000,
        totalMilliseconds: 120_000,
      },
      world.signal,
    );
    if (fenced.kind !== 'Fenced') {
      throw new Error(fenced.obstacle.message);
    }
    const names = parts.map(({ here }) => here.database);
    await reached(
      parts.map(({ moveId }) => moveId),
      fenced.position,
    );
    expect(await rowsOf(...names)).toEqual(await rowsOf(database));
    const end = async (): Promise<Position> => {
      const [row] = await world.from.run('SELECT @@global.gtid_binlog_pos AS position');
      return String(row?.['position']) as Position;
    };
    const openedAt = await end();
    expect(problems).toEqual([]);
    following.abort(new Error('both parts are served'));
    await Promise.allSettled(tails.map(({ ended }) => ended));

    const returning = new AbortController();
    follow(
      names.map((name) => ({
        moveId: `${name}-back`,
        database: name,
        here: { database, rows: null },
        after: openedAt,
      })),
      returning.signal,
    );
    for (let left = 60; left > 0; left -= 1) {
      await world.from.run(someLaterChange(dice, kind), names[left % 2]);
    }
    await reached(
      names.map((name) => `${name}-back`),
      await end(),
    );
    const united = await rowsOf(database);
    expect(united).toEqual(await rowsOf(...names));
    expect(JSON.stringify(united)).toContain('later');
    expect(problems.map(String)).toEqual([1, 2].map(() => 'Error: both parts are served'));
    returning.abort(new Error('done'));
  });

  it('is not divided where rows would go from one part to the other, or come apart', async () => {
    const [kind] = KEY_KINDS;
    if (kind === undefined) {
      throw new Error('there are no keys');
    }
    const { transfer } = world.from.slots;
    const database = 'app_s0012';
    const order = {
      moveId: 'part',
      database,
      here: { database: 'app_s0022', rows: partOfKind(kind, 'inside') },
      source: world.from.source,
      throttle: AT_FULL_SPEED,
      onProgress() {},
    };
    for (const definition of [
      'CREATE TABLE keyless (id INT PRIMARY KEY)',
      'CREATE TABLE apart (k INT PRIMARY KEY, other INT, FOREIGN KEY (other) REFERENCES t (k))',
      'CREATE VIEW seen AS SELECT * FROM t',
      'CREATE PROCEDURE named() SELECT COUNT(*) FROM app_s0012.t',
    ]) {
      await make(database, ['CREATE TABLE t (k INT PRIMARY KEY)', definition]);
      await expect(transfer.copy(order, world.signal)).rejects.toMatchObject({ code: 'NotMovable' });
      expect(await world.from.run("SHOW DATABASES LIKE 'app_s0022'")).toEqual([]);
    }
    await make(database, ['CREATE TABLE t (k INT PRIMARY KEY)', 'INSERT INTO t VALUES (1), (100)']);
    const { position, rows } = await transfer.copy(order, world.signal);
    expect(rows).toBe(1);
    const stopped = new Promise<Error>((resolve, reject) => {
      transfer
        .follow(
          {
            databases: [{ moveId: 'part', database, here: order.here, after: position }],
            source: world.from.source,
            onPosition() {},
            onLag() {},
            onStopped: (_move, error) => resolve(error),
          },
          world.signal,
        )
        .ended.catch(reject);
    });
    await world.from.run('UPDATE t SET k = 99 WHERE k = 1', database);
    expect(await stopped).toMatchObject({
      code: 'DefinitionChanged',
      message: expect.stringContaining('update of a key'),
    });
  });
});
