/**
 * The same random statements on one MariaDB and, by way of a router, on four shards. Without settings a sample;
 * `SHARDWRIGHT_SECONDS` runs for so long, `SHARDWRIGHT_SEED` repeats a run, and `SHARDWRIGHT_RECORD=1` puts it on record for the
 * documentation.
 */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { createConnection as createStreamingConnection } from 'mysql2';
import { PACKAGED_MARIADB } from '../mariadb/root-file-system.ts';
import { comparable } from '../router-merge/comparable-answer.ts';
import { recordDifferentialRun } from '../router-merge/differential-runs.ts';
import { generateJoin } from '../router-merge/join-generator.ts';
import { readAnswer } from '../router-merge/read-answer.ts';
import { DEFINITIONS, generateRows } from '../router-merge/random-rows.ts';
import { generateStatement } from '../router-merge/statement-generator.ts';
import { generateWrite } from '../router-merge/write-generator.ts';
import { APPLICATION_USER, createRouterWorld, KEYSPACE, type RouterWorld } from '../router/router-world.ts';
import { seededRandom } from '../sharded-cluster/random.ts';

const SEED = Number(process.env['SHARDWRIGHT_SEED'] ?? Date.now() % 1_000_000);
const SECONDS = Number(process.env['SHARDWRIGHT_SECONDS'] ?? 20);
const IS_RECORDED = process.env['SHARDWRIGHT_RECORD'] === '1';

const SHARDS = 4;
const SLOTS = 8;
const USERS = 60;
const ORDERS = 150;
const WHOLE = 'whole';
/** Statements of a kind that are run in turn with those of the others. */
const ROUND = { selects: 160, joins: 30, writes: 10 };
/** What the router refuses: it says so before a row is read, or written. */
const NOT_SUPPORTED = 1235;
/** And what would need more rows of several slots than one server may see, as joins of tables that grow do in the end. */
const TOO_MANY_ROWS = 1104;
const PACKAGED = PACKAGED_MARIADB.at(-1);

let world: RouterWorld;
let routed: Connection;
let whole: Connection;

beforeAll(async () => {
  world = await createRouterWorld({
    shards: SHARDS,
    keyspace: { slots: SLOTS },
    ...(PACKAGED === undefined ? {} : { packaged: PACKAGED }),
  });
  await world.begin();
  const server = world.primary(0);
  await server.query(`CREATE DATABASE ${WHOLE} CHARACTER SET utf8mb4`);
  whole = await server.connect(WHOLE);
  await whole.query('SET NAMES utf8mb4');
  routed = await createConnection(clientOptions());
  for (const definition of [...DEFINITIONS, ...generateRows(seededRandom(SEED), USERS, ORDERS)]) {
    await both(definition);
  }
}, 300_000);

afterAll(async () => {
  routed?.destroy();
  whole?.destroy();
  await world?.close();
});

function clientOptions() {
  return {
    host: '127.0.0.1',
    port: world.router.port,
    user: APPLICATION_USER,
    password: world.password,
    database: KEYSPACE,
    charset: 'utf8mb4_general_ci',
  };
}

async function both(sql: string): Promise<void> {
  await whole.query(sql);
  await routed.query(sql);
}

/** Whether the router answers, and then as the one database does. */
async function compare(sql: string, ordered: boolean, folded: boolean): Promise<boolean> {
  const answer = await readAnswer(routed, sql).catch((error: unknown) => {
    const { errno } = error as { readonly errno?: number };
    if (errno === NOT_SUPPORTED || errno === TOO_MANY_ROWS) {
      return null;
    }
    throw new Error(sql, { cause: error });
  });
  if (answer === null) {
    return false;
  }
  const expected = await readAnswer(whole, sql);
  try {
    expect(comparable(answer, ordered, folded)).toEqual(comparable(expected, ordered, folded));
  } catch (error) {
    throw new Error(`${sql}\n${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  return true;
}

describe('four shards answer like one database', () => {
  it(
    `for ${SECONDS} s, seed ${SEED}`,
    async () => {
      const random = seededRandom(SEED + 1);
      const counts = { selects: 0, joins: 0, refusedJoins: 0, writes: 0 };
      const until = performance.now() + SECONDS * 1000;
      while (performance.now() < until) {
        for (let index = 0; index < ROUND.selects; index += 1) {
          const { sql, ordered, folded = false } = generateStatement(random);
          expect([sql, await compare(sql, ordered, folded)]).toEqual([sql, true]);
          counts.selects += 1;
        }
        for (let index = 0; index < ROUND.joins; index += 1) {
          const { sql, ordered } = generateJoin(random);
          counts[(await compare(sql, ordered, false)) ? 'joins' : 'refusedJoins'] += 1;
        }
        for (let index = 0; index < ROUND.writes; index += 1) {
          const write = `/*shardwright: all_slots */ ${generateWrite(random)}`;
          // What is returned is compared, too; of other changes that is nothing.
          expect([write, await compare(write, false, false)]).toEqual([write, true]);
          counts.writes += 1;
        }
        for (const table of ['users', 'orders', 'countries']) {
          await compare(`SELECT * FROM ${table}`, false, false);
        }
      }
      console.log(`compared: ${JSON.stringify(counts)}`);
      expect(counts.selects).toBeGreaterThan(0);
      if (IS_RECORDED) {
        const date = new Date().toISOString().slice(0, 10);
        const mariadb = PACKAGED?.version ?? '';
        await recordDifferentialRun({ date, seed: SEED, mariadb, shards: SHARDS, slots: SLOTS, ...counts });
      }
    },
    (SECONDS + 120) * 1000,
  );
});

describe('a result that is larger than what routers keep', () => {
  /** About 300 MiB: a value of 2 MiB for each row. */
  const LARGE = `SELECT o.id, REPEAT('x', 2097152) AS large FROM users u JOIN orders o ON o.user_id = u.id`;

  /** Reads it row by row, as a client that keeps nothing; `sample` is called for each row. */
  async function stream(
    sql: string,
    sample: (row: { readonly id: number }) => Promise<void>,
  ): Promise<number> {
    const client = createStreamingConnection(clientOptions());
    try {
      let rows = 0;
      for await (const row of client.query(sql).stream({ highWaterMark: 1 })) {
        rows += 1;
        await sample(row as { readonly id: number });
      }
      return rows;
    } finally {
      client.destroy();
    }
  }

  async function residentMegabytes(): Promise<number> {
    const [pid = 0] = await world.router.pids();
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN) / 1024;
  }

  it.each([
    ['in any order', LARGE],
    ['in order', `${LARGE} ORDER BY o.id`],
  ])(
    'passes %s, in little memory',
    async (_name, sql) => {
      await both('DELETE FROM orders WHERE user_id >= 0');
      await both('DELETE FROM users WHERE id >= 0');
      await both(
        `INSERT INTO users (id, flags) VALUES ${Array.from({ length: 40 }, (_row, id) => `(${id}, 0)`).join()}`,
      );
      await both(
        `INSERT INTO orders (id, user_id, amount) VALUES ${Array.from({ length: 160 }, (_row, id) => `(${id}, ${id % 40}, 1)`).join()}`,
      );
      const before = await residentMegabytes();
      let most = 0;
      const ids: number[] = [];
      const rows = await stream(sql, async ({ id }) => {
        ids.push(id);
        most = Math.max(most, await residentMegabytes());
      });
      console.log(`resident: ${before.toFixed(0)} MiB before, ${most.toFixed(0)} MiB at most`);
      expect(rows).toBe(160);
      expect(ids.toSorted((one, other) => one - other)).toEqual(
        Array.from({ length: 160 }, (_row, id) => id),
      );
      expect(sql.includes('ORDER BY') ? ids : []).toEqual(
        sql.includes('ORDER BY') ? ids.toSorted((one, other) => one - other) : [],
      );
      expect(most - before).toBeLessThan(160);
    },
    180_000,
  );

  it('stops with LIMIT, and the connection goes on', async () => {
    const [rows] = await routed.query(`${LARGE} LIMIT 3`);
    expect(rows).toHaveLength(3);
    await routed.query('SET shardwright_transactions = Multi');
    await routed.query('START TRANSACTION');
    const [some] = await routed.query(
      `SELECT DISTINCT u.id, REPEAT('x', 2097152) AS large FROM users u WHERE u.id < 3`,
    );
    expect(some).toHaveLength(3);
    const [[count]] = await routed.query<RowDataPacket[]>('SELECT COUNT(*) AS n FROM orders');
    expect(count).toMatchObject({ n: 160 });
    await routed.query('ROLLBACK');
  }, 60_000);
});
