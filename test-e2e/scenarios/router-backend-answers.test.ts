/** What a server answers reaches the one who asked as the server wrote it, in little memory. */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NO_SINK } from '../../operator/src/router/backend/no-sink.ts';
import type { ResultSink } from '../../operator/src/router/backend/result-sink.ts';
import type { ServerConnection } from '../../operator/src/router/backend/server-connection.ts';
import { COMMAND } from '../../operator/src/wire/command-code.ts';
import { decodeTextRow } from '../../operator/src/wire/text-row.ts';
import { PACKAGED_MARIADB } from '../mariadb/root-file-system.ts';
import { type BackendWorld, PASSWORD, run, startBackendWorld, USER } from '../router/backend-world.ts';
import { PlainClient } from '../router/plain-client.ts';
import { TranscriptSink } from '../router/transcript-sink.ts';

const { signal } = new AbortController();

const TYPES = `CREATE TABLE test.types (
  id INT PRIMARY KEY AUTO_INCREMENT, ti TINYINT, bi BIGINT UNSIGNED, de DECIMAL(30,10), fl FLOAT, db DOUBLE, bt BIT(17),
  da DATE, ti6 TIME(6), dt DATETIME(3), ts TIMESTAMP NULL, ye YEAR, ch CHAR(5), vc VARCHAR(300), bn BINARY(4), vb VARBINARY(9),
  tx TEXT, bl LONGBLOB, en ENUM('a','b'), st SET('x','y'), js JSON, ge GEOMETRY, uu UUID, i6 INET6);
INSERT INTO test.types VALUES
  (1, -128, 18446744073709551615, -12345678901234567890.0123456789, 1.5, -2.25e300, b'10101', '2026-11-23', '-838:59:59.999999',
   '2026-11-23 01:02:03.004', '2026-11-23 01:02:03', 2026, 'äöü', REPEAT('ß', 300), 'ab', x'00ff', 'text', REPEAT('b', 70000), 'b',
   'x,y', '{"a":[1,null]}', POINT(1,2), '123e4567-e89b-12d3-a456-426614174000', '::1'),
  (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (3, 0, 0, 0, 0, 0, b'0', '0001-01-01', '00:00:00', '0001-01-01', NULL, 0, '', '', '', '', '', '', 'a', '', '[]', NULL, NULL, NULL);
CREATE PROCEDURE test.several() BEGIN SELECT 1 AS one; SELECT 'two' AS two, 2; UPDATE test.types SET ti = ti; END;
CREATE PROCEDURE test.out_parameter(OUT o INT) SET o = 42;
CREATE PROCEDURE test.breaks() BEGIN SELECT 1; SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'broken'; END`;

const STATEMENTS = [
  'SELECT * FROM test.types',
  'SELECT * FROM test.types WHERE id > 5',
  'SELECT id, bl FROM test.types ORDER BY id DESC',
  'CALL test.several()',
  'CALL test.breaks()',
  "SELECT 1; SELECT 'two'; SELECT NULL",
  'UPDATE test.types SET ti = ti',
  'DO 1',
  'SELECT nothing',
  'SELEC',
  "SELECT 1/0, CAST('x' AS INT)",
  'SHOW WARNINGS',
  'SHOW CREATE TABLE test.types',
  'EXPLAIN SELECT * FROM test.types',
  'SHOW COLUMNS FROM test.types',
  'USE other',
  'SET character_set_results = latin1',
  "SELECT 'ä' AS ä",
  'SET character_set_results = utf8mb4',
  'BEGIN',
  'ROLLBACK',
] as const;

describe.each(PACKAGED_MARIADB)('Answers that a router gets from MariaDB $version', (packaged) => {
  let world: BackendWorld;

  beforeAll(async () => {
    world = await startBackendWorld(packaged);
    await run(await world.connect(), TYPES);
  });

  afterAll(async () => {
    await world?.close();
  });

  it('passes answers of the text protocol on as the server wrote them', async () => {
    const connection = await world.connect();
    const plain = await PlainClient.open({ port: world.server.port, user: USER, password: PASSWORD });
    const settings =
      'SET session_track_schema=1, session_track_system_variables="*", session_track_transaction_info="CHARACTERISTICS"';
    await plain.command(Buffer.concat([Buffer.of(COMMAND.query), Buffer.from(settings)]), 1);
    await plain.command(Buffer.concat([Buffer.of(COMMAND.query), Buffer.from('SET NAMES utf8mb4')]), 1);
    for (const statement of STATEMENTS) {
      const sink = new TranscriptSink();
      await connection.query(Buffer.from(statement), sink, {}, signal);
      const expected = await plain.command(
        Buffer.concat([Buffer.of(COMMAND.query), Buffer.from(statement)]),
        sink.payloads.length,
      );
      expect([statement, sink.payloads.map((payload) => payload.toString('latin1'))]).toEqual([
        statement,
        expected.map((payload) => payload.toString('latin1')),
      ]);
    }
    plain.close();
  });

  it('passes answers of prepared statements on as the server wrote them', async () => {
    const connection = await world.connect();
    const plain = await PlainClient.open({ port: world.server.port, user: USER, password: PASSWORD });
    for (const statement of [
      'SELECT * FROM test.types WHERE id <> ?',
      'CALL test.out_parameter(?)',
      'DO ?',
    ]) {
      const text = Buffer.from(statement);
      const prepared = await connection.prepare(text, {}, signal);
      if (prepared.kind === 'refused') {
        throw new Error(prepared.outcome.error?.message);
      }
      const { parameters, columns, id } = prepared.statement;
      const [first] = await plain.command(
        Buffer.concat([Buffer.of(COMMAND.statementPrepare), text]),
        1 + parameters.length + columns.length,
      );
      // No NULL, with types: BIGINT 7.
      const body = Buffer.from('00010000000001080007'.padEnd(34, '0'), 'hex');
      const sink = new TranscriptSink();
      await connection.execute(id, body, sink, signal);
      const header = Buffer.alloc(5);
      header[0] = COMMAND.statementExecute;
      header.writeUInt32LE(first?.readUInt32LE(1) ?? 0, 1);
      const expected = await plain.command(Buffer.concat([header, body]), sink.payloads.length);
      expect(sink.payloads.map((payload) => payload.toString('hex'))).toEqual(
        expected.map((payload) => payload.toString('hex')),
      );
      expect(sink.failure).toBeUndefined();
    }
    plain.close();
  });

  describe('a statement that is prepared and executed in one packet', () => {
    const BODY = Buffer.from([0, 1, 0, 0, 0]);
    const execute = (connection: ServerConnection, text: string, sink: ResultSink = NO_SINK) =>
      connection.executeText(
        { text: Buffer.from(text), key: text, qualified: () => Buffer.from(text), body: BODY },
        sink,
        { database: 'other' },
        signal,
      );
    const rows = (connection: ServerConnection, table: string): Promise<(string | null)[][]> =>
      run(connection, `SELECT COUNT(*) FROM other.${table}`);
    const begin = async (table: string): Promise<ServerConnection> => {
      const connection = await world.connect();
      await run(connection, `CREATE TABLE other.${table} (i INT)`);
      await execute(connection, `INSERT INTO other.${table} VALUES (1)`);
      return connection;
    };

    it('is the one that is executed, and its answer the client’s', async () => {
      const connection = await begin('counted');
      await run(connection, 'USE test');
      const sink = new TranscriptSink();
      expect(await execute(connection, 'SELECT COUNT(*) FROM other.counted', sink)).toMatchObject({
        error: undefined,
        results: 1,
      });
      expect(sink.rowPayloads.map((row) => row.readUInt32LE(2))).toEqual([1]);
      // Two were prepared, and what was prepared is executed again.
      await execute(connection, 'INSERT INTO other.counted VALUES (1)');
      expect(await rows(connection, 'counted')).toEqual([['2']]);
      expect(await run(connection, "SHOW SESSION STATUS LIKE 'Com_stmt_prepare'")).toEqual([
        ['Com_stmt_prepare', '2'],
      ]);
    });

    it('is not executed where it cannot be prepared, nor is the one before it', async () => {
      const connection = await begin('refused');
      expect(await execute(connection, 'SELECT * FROM other.missing')).toMatchObject({
        error: { errno: 1146 },
      });
      expect(await execute(connection, 'SELEC')).toMatchObject({ error: { errno: 1064 } });
      await execute(connection, 'INSERT INTO other.refused VALUES (2)');
      expect(await rows(connection, 'refused')).toEqual([['2']]);
    });

    it('is not executed where the server has too many, nor is the one before it', async () => {
      const connection = await begin('many');
      const limit = await world.database.query('SELECT @@max_prepared_stmt_count AS n');
      await world.database.query('SET GLOBAL max_prepared_stmt_count = 0');
      try {
        expect(await execute(connection, 'SELECT 1')).toMatchObject({ error: { errno: 1461 } });
      } finally {
        await world.database.query(`SET GLOBAL max_prepared_stmt_count = ${String(limit[0]?.['n'])}`);
      }
      expect(await rows(connection, 'many')).toEqual([['1']]);
      expect(await execute(connection, 'SELECT 1')).toMatchObject({ error: undefined });
    });

    it('is never one that a procedure has left', async () => {
      const connection = await begin('left_over');
      await run(
        connection,
        "CREATE PROCEDURE other.leaves() BEGIN PREPARE a FROM 'INSERT INTO other.left_over VALUES (3)'; PREPARE b FROM 'INSERT INTO other.left_over VALUES (3)'; END",
      );
      await run(connection, 'CALL other.leaves()');
      expect(await execute(connection, 'SELECT 1 FROM other.left_over')).toMatchObject({ error: undefined });
      expect(await execute(connection, 'SELECT 2 FROM other.left_over')).toMatchObject({ error: undefined });
      expect(await rows(connection, 'left_over')).toEqual([['1']]);
    });
  });

  it('fetches from a cursor, and sends long data', async () => {
    const connection = await world.connect();
    const prepare = async (text: string): Promise<number> => {
      const prepared = await connection.prepare(Buffer.from(text), { database: 'test' }, signal);
      if (prepared.kind === 'refused') {
        throw new Error(prepared.outcome.error?.message);
      }
      return prepared.statement.id;
    };
    const cursor = await prepare('SELECT seq FROM seq_1_to_10');
    const opened = new TranscriptSink();
    await connection.execute(cursor, Buffer.from('0101000000', 'hex'), opened, signal);
    expect(opened.rowPayloads).toHaveLength(0);
    const fetched = new TranscriptSink();
    await connection.fetch(cursor, 4, fetched, signal);
    expect(fetched.rowPayloads).toHaveLength(4);
    expect((await connection.resetStatement(cursor, signal)).error).toBeUndefined();

    const length = await prepare('SELECT LENGTH(?)');
    const piece = Buffer.alloc(1 << 20, 'x');
    for (let count = 0; count < 5; count += 1) {
      connection.sendLongData(length, 0, piece);
    }
    const measured = new TranscriptSink();
    await connection.execute(length, Buffer.from('00010000000001fc00', 'hex'), measured, signal);
    expect(measured.rowPayloads[0]?.readUInt32LE(2)).toBe(5 << 20);
  });

  it('passes rows of 20 MB on, and statements of 20 MB', async () => {
    const connection = await world.connect();
    const size = 20 << 20;
    const sink = new TranscriptSink();
    await connection.query(Buffer.from(`SELECT REPEAT('x', ${size}), 'end'`), sink, {}, signal);
    const [value, end] = decodeTextRow(sink.rowPayloads[0] ?? Buffer.alloc(0), 2);
    expect([value?.length, end?.toString()]).toEqual([size, 'end']);
    expect(
      createHash('md5')
        .update(value ?? '')
        .digest('hex'),
    ).toBe(createHash('md5').update(Buffer.alloc(size, 'x')).digest('hex'));
    expect(await run(connection, `SELECT LENGTH('${'y'.repeat(size)}')`)).toEqual([[String(size)]]);
  });

  it('keeps little in memory for a receiver that takes nothing, and goes on when it does', async () => {
    const connection = await world.connect();
    let rows = 0;
    let resume: (() => void) | undefined;
    let room = false;
    const sink: ResultSink = {
      ...NO_SINK,
      rows(buffer, start, end) {
        for (let at = start; at < end; at += 4 + buffer.readUIntLE(at, 3)) {
          rows += 1;
        }
        return room;
      },
      onDrain: (callback) => (resume = callback),
    };
    const before = process.memoryUsage().arrayBuffers;
    const outcome = connection.query(
      Buffer.from("SELECT REPEAT('x', 1000) FROM test.seq_1_to_60000"),
      sink,
      {},
      signal,
    );
    // Rows that are to come without having been asked for have this time to do so.
    await delay(1000);
    expect(await world.stateOf(connection, (state) => /net/i.test(state ?? '') && rows > 0)).toMatch(/net/i);
    expect(resume).toBeDefined();
    expect(rows).toBeLessThan(2000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 << 20);
    room = true;
    resume?.();
    expect((await outcome).error).toBeUndefined();
    expect(rows).toBe(60_000);
  });

  it('loads a file of the client, and refuses one', async () => {
    const connection = await world.connect();
    await run(connection, 'CREATE TABLE test.loaded (i INT, t TEXT)');
    const load = Buffer.from(
      "LOAD DATA LOCAL INFILE 'rows.csv' INTO TABLE test.loaded FIELDS TERMINATED BY ','",
    );
    const sink = new TranscriptSink();
    sink.file = (async function* file() {
      for (let piece = 0; piece < 500; piece += 1) {
        const rows = Array.from({ length: 100 }, (_row, row) => `${piece * 100 + row},${'x'.repeat(50)}\n`);
        yield Buffer.from(rows.join(''));
      }
      await Promise.resolve();
    })();
    const outcome = await connection.query(load, sink, {}, signal);
    expect(outcome.completion?.affectedRows).toBe(50_000n);
    expect((await connection.query(load, new TranscriptSink(), {}, signal)).completion?.affectedRows).toBe(
      0n,
    );
    expect(await run(connection, 'SELECT COUNT(*), SUM(i) FROM test.loaded')).toEqual([
      ['50000', '1249975000'],
    ]);
  });
});
