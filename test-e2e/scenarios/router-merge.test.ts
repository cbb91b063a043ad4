import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PACKAGED_MARIADB } from '../mariadb/root-file-system.ts';
import { comparable } from '../router-merge/comparable-answer.ts';
import { createMergeStage, type MergeStage } from '../router-merge/merge-stage.ts';
import { generateJoin } from '../router-merge/join-generator.ts';
import { DEFINITIONS, generateRows } from '../router-merge/random-rows.ts';
import { generateStatement } from '../router-merge/statement-generator.ts';
import { generateWrite } from '../router-merge/write-generator.ts';
import { seededRandom } from '../sharded-cluster/random.ts';

/** The same each time, so that a change is to blame for a failure; others are tried by router-differential. */
const SEED = Number(process.env['SHARDWRIGHT_SEED'] ?? 20_261_123);
/** Statements of each version. */
const STATEMENTS = Number(process.env['SHARDWRIGHT_STATEMENTS'] ?? 400);

const USERS = 60;
const CHANGES_PER_LOOK = 10;
const ORDERS = 150;

describe.each(PACKAGED_MARIADB)('slots of MariaDB $version answer like one database', (packaged) => {
  let stage: MergeStage | undefined;

  beforeAll(async () => {
    stage = await createMergeStage(packaged);
    await stage.begin(DEFINITIONS);
    for (const insert of generateRows(seededRandom(SEED), USERS, ORDERS)) {
      await stage.write(insert);
    }
  });

  afterAll(() => stage?.end());

  it(`${STATEMENTS} random statements, seed ${SEED}`, async () => {
    const random = seededRandom(SEED + 1);
    const routes = new Map<string, number>();
    for (let index = 0; index < STATEMENTS; index += 1) {
      const { sql, ordered, folded = false } = generateStatement(random);
      const outcome = await stage?.scattered(sql);
      if (outcome?.kind !== 'answer') {
        throw new Error(`${sql} is refused: ${outcome?.message}`);
      }
      routes.set(outcome.route, (routes.get(outcome.route) ?? 0) + 1);
      const whole = await stage?.whole(sql);
      expect({ sql, ...comparable(outcome.answer, ordered, folded) }).toEqual({
        sql,
        ...(whole === undefined ? {} : comparable(whole, ordered, folded)),
      });
    }
    // The test would show nothing if hardly anything was merged.
    expect(routes.get('scatter')).toBeGreaterThan(STATEMENTS / 2);
  });

  it(`${STATEMENTS} random joins, of which those that are not refused are right, seed ${SEED}`, async () => {
    const random = seededRandom(SEED + 2);
    const routes = new Map<string, number>();
    for (let index = 0; index < STATEMENTS; index += 1) {
      const { sql, ordered } = generateJoin(random);
      const outcome = await stage?.scattered(sql);
      const route = outcome?.kind === 'answer' ? outcome.route : 'refused';
      routes.set(route, (routes.get(route) ?? 0) + 1);
      const whole = route === 'refused' ? undefined : await stage?.whole(sql);
      const answer = outcome?.kind === 'answer' ? comparable(outcome.answer, ordered, false) : {};
      expect({ sql, route, ...answer }).toEqual({
        sql,
        route,
        ...(whole === undefined ? {} : comparable(whole, ordered, false)),
      });
    }
    expect(routes.get('single')).toBeGreaterThan(STATEMENTS / 50);
    expect(routes.get('scatter')).toBeGreaterThan(STATEMENTS / 50);
  });

  it(`${STATEMENTS} random changes, seed ${SEED}`, async () => {
    const random = seededRandom(SEED + 3);
    for (let done = 0; done < STATEMENTS; done += CHANGES_PER_LOOK) {
      const changes = Array.from({ length: CHANGES_PER_LOOK }, () => generateWrite(random));
      for (const change of changes) {
        await stage?.write(change);
      }
      for (const table of ['users', 'orders', 'countries']) {
        const outcome = await stage?.scattered(`SELECT * FROM ${table}`);
        const whole = await stage?.whole(`SELECT * FROM ${table}`);
        const answer = outcome?.kind === 'answer' ? comparable(outcome.answer, false, false) : outcome;
        expect({ changes, table, ...answer }).toEqual({
          changes,
          table,
          ...(whole === undefined ? {} : comparable(whole, false, false)),
        });
      }
    }
  });

  it.each([
    'SELECT STD(small) FROM users',
    'SELECT GROUP_CONCAT(kind) FROM users',
    'SELECT GROUP_CONCAT(small + 1) FROM users',
    'SELECT GROUP_CONCAT(name), (SELECT 1) FROM users',
    'SELECT flags, RANK() OVER (ORDER BY flags) FROM users GROUP BY flags WITH ROLLUP',
    'SELECT STD(kind) + 1 FROM users',
    'SELECT SUM(age) + (SELECT MAX(size) FROM countries) FROM users',
    'SELECT CONCAT(kind, COUNT(*)) FROM users GROUP BY kind',
    'SELECT small + COUNT(*) FROM users GROUP BY small',
    'SELECT JSON_OBJECT(MAX(name), 1) FROM users',
    'SELECT SUM(age) / COUNT(*) FROM users FOR UPDATE',
    'WITH u AS (SELECT age FROM users) SELECT SUM(age) / COUNT(*) FROM u',
    'SELECT flags, COUNT(*) AS age FROM users GROUP BY flags HAVING age + 1 > 2',
    'SELECT SQL_CALC_FOUND_ROWS id FROM users UNION SELECT user_id FROM orders',
    'SELECT RANK() OVER (ORDER BY age) FROM users',
    'SELECT RANK() OVER (PARTITION BY flags) FROM users',
    'SELECT id FROM users u ORDER BY LAG(kind) OVER (PARTITION BY u.id)',
    'SELECT DISTINCT name FROM users ORDER BY age',
    'SELECT name FROM users ORDER BY name COLLATE utf8mb4_uca1400_as_cs',
    'SELECT MIN(kind) FROM users',
    'SELECT id FROM users UNION SELECT user_id FROM orders UNION ALL SELECT size FROM countries',
    'SELECT COUNT(*) FROM (SELECT age FROM users UNION SELECT amount FROM orders) d',
    'SELECT COUNT(*) FROM (SELECT code FROM users UNION ALL SELECT code FROM countries) d',
    'SELECT COUNT(*) FROM (SELECT id FROM users UNION ALL SELECT id FROM orders) d JOIN orders o ON o.id = d.id',
    'SELECT MAX(x) FROM (SELECT id, MAX(kind) AS x FROM users GROUP BY id) d',
    'SELECT COUNT(*) FROM (SELECT DISTINCT year FROM users) d WHERE year > 1',
    'SELECT COUNT(*) FROM (SELECT DISTINCT kind FROM users) d',
    'SELECT COUNT(*) FROM (SELECT DISTINCT small FROM users) d',
    'SELECT COUNT(*) FROM (SELECT DISTINCT moment FROM users) d',
    'SELECT COUNT(*) FROM (SELECT age FROM users GROUP BY age LIMIT 2) d',
    'SELECT id FROM users INTERSECT SELECT user_id FROM orders',
  ])('what cannot be merged is refused: %s', async (sql) => {
    await expect(stage?.scattered(sql)).resolves.toMatchObject({ kind: 'refused' });
  });
});
