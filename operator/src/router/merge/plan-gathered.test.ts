import { describe, expect, it } from '@jest/globals';
import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import { edited, route } from '../routing/testing/routing-stage.ts';
import type { GatheredRows } from './merge-plan.ts';

function plan(sql: string, parameters: readonly KeyLiteral[] = []) {
  const routed = route(sql, { parameters });
  if (routed.kind !== 'scatter') {
    throw new Error(`${sql}: ${routed.kind === 'refused' ? routed.message : routed.kind}`);
  }
  const rows = routed.plan.rows as GatheredRows;
  const short = (text: string): string => text.replaceAll('`shardwright`.', '').replaceAll(/\s+/g, ' ');
  return {
    kind: rows.kind,
    slot: short(edited(sql, routed.parts[0]?.edits ?? [])),
    template: short(edited(sql, routed.template ?? [])),
    named: short(edited(sql, routed.named ?? [])),
    select: short(rows.select ?? ''),
    window: [routed.plan.offset, routed.plan.limit],
  };
}

describe('what cannot be put together from parts', () => {
  it('is answered by one server from the rows of all slots', () => {
    expect(
      plan(
        "SELECT DISTINCT total, GROUP_CONCAT(DISTINCT note ORDER BY app.orders.id DESC SEPARATOR ';') AS notes, COUNT(*) FROM app.orders WHERE total > 3 GROUP BY total HAVING notes > 'a' AND MAX(id) > 1 ORDER BY notes DESC, total LIMIT 2, 3",
      ),
    ).toEqual({
      kind: 'gathered',
      slot: 'SELECT `total`, `note`, CAST(`note` AS BINARY), CHARSET(`note`), `orders`.`id` FROM `orders` WHERE total > 3 LIMIT 20001',
      template:
        'SELECT `total`, `note`, CAST(`note` AS BINARY), CHARSET(`note`), `orders`.`id` FROM `orders` WHERE total > 3 LIMIT 0',
      named:
        "SELECT DISTINCT total, GROUP_CONCAT(DISTINCT note ORDER BY `orders`.id DESC SEPARATOR ';') AS notes, COUNT(*) FROM `orders` WHERE total > 3 GROUP BY total HAVING notes > 'a' AND MAX(id) > 1 ORDER BY notes DESC, total LIMIT 0",
      select:
        "SELECT DISTINCT h0, GROUP_CONCAT(DISTINCT h1 ORDER BY h4 DESC SEPARATOR ';') AS `notes`, COUNT(*) FROM `shardwright` GROUP BY h0 HAVING `notes` > 'a' AND MAX( h4 ) > 1 ORDER BY `notes` DESC, h0 LIMIT 2, 3",
      window: [0, null],
    });
  });

  it.each([
    ['SELECT total, COUNT(*) FROM orders GROUP BY total WITH ROLLUP', 'GROUP BY h0 WITH ROLLUP'],
    ['SELECT user_id, COUNT(*) FROM orders GROUP BY user_id WITH ROLLUP', 'GROUP BY h0 WITH ROLLUP'],
    ['SELECT DISTINCT COUNT(*) FROM orders GROUP BY total', 'SELECT DISTINCT COUNT(*) FROM'],
    ['SELECT GROUP_CONCAT(1) FROM orders', 'GROUP_CONCAT( 1 ) FROM'],
    ['SELECT COUNT(*) + LENGTH(GROUP_CONCAT(id)) FROM orders', 'LENGTH( GROUP_CONCAT( h0 ) )'],
    ['SELECT total AS t, GROUP_CONCAT(id) FROM orders GROUP BY t ORDER BY t', 'GROUP BY `t` ORDER BY `t`'],
    ['SELECT JSON_ARRAYAGG(id) FROM orders', 'JSON_ARRAYAGG( h0 )'],
    [
      'SELECT total, COUNT(*) FROM orders GROUP BY orders.total WITH ROLLUP',
      'SELECT h0, COUNT(*) FROM `shardwright` GROUP BY h0 WITH',
    ],
    [
      'SELECT o.total, GROUP_CONCAT(id) FROM orders o GROUP BY o.total HAVING total > 1 ORDER BY total',
      'GROUP BY h0 HAVING h0 > 1 ORDER BY h0',
    ],
    ['SELECT GROUP_CONCAT(id) FROM orders GROUP BY total LIMIT 1 OFFSET 2', 'LIMIT 2, 1'],
    ['SELECT GROUP_CONCAT(year ORDER BY year), GROUP_CONCAT(year + 1) FROM films', 'GROUP_CONCAT( h0 + 1 )'],
    [
      'SELECT year, GROUP_CONCAT(title) FROM films GROUP BY year HAVING MAX(year) > 1',
      'HAVING MAX( h0 ) > 1',
    ],
    ['SELECT total, STD(id) FROM orders GROUP BY total', 'STD( h1 )'],
    ['SELECT VAR_SAMP(total * 2) + 1, COUNT(DISTINCT id) FROM orders', 'VAR_SAMP( h0 * 2 ) + 1'],
    ...['STDDEV', 'STDDEV_POP', 'STDDEV_SAMP', 'VARIANCE', 'VAR_POP'].map((name) => [
      `SELECT ${name}(total) FROM orders`,
      `${name}( h0 )`,
    ]),
  ])('%s', (sql, part) => {
    expect(plan(sql).select).toContain(part);
  });

  it.each([
    { kind: 'string', bytes: Buffer.from('3') },
    { kind: 'double', value: 3 },
    { kind: 'number', text: '3' },
  ] as const)('has a LIMIT that was bound as a $kind', (parameter) => {
    const sql = 'SELECT GROUP_CONCAT(id) FROM orders GROUP BY total LIMIT ?';
    expect(plan(sql, [parameter]).select).toMatch(/LIMIT 0, 3$/);
  });

  it('is asked of slots alone where each group lies within one', () => {
    const routed = route('SELECT user_id, GROUP_CONCAT(id) FROM orders GROUP BY user_id');
    expect(routed).toMatchObject({ kind: 'scatter', plan: { rows: { kind: 'concatenate' } } });
  });

  it.each([
    ['SELECT GROUP_CONCAT(note), (SELECT 1) FROM orders', 'a query in it'],
    ['SELECT GROUP_CONCAT(id), RANK() OVER (ORDER BY total) FROM orders GROUP BY total', 'A window function'],
    ['SELECT GROUP_CONCAT(id) AS h1 FROM orders', 'The alias h1'],
    [
      'SELECT total, GROUP_CONCAT(id) AS note FROM orders GROUP BY total HAVING note > 1',
      'an alias or a column',
    ],
    ['SELECT GROUP_CONCAT(d.x) FROM (SELECT id + 1 AS x FROM orders) d', 'only a derived table is known'],
    ['WITH o AS (SELECT id FROM orders) SELECT GROUP_CONCAT(id) FROM o', 'WITH'],
    ['SELECT SQL_CALC_FOUND_ROWS GROUP_CONCAT(id) FROM orders', 'SQL_CALC_FOUND_ROWS'],
    ['SELECT GROUP_CONCAT(id) FROM orders FOR UPDATE', 'FOR UPDATE'],
    ['SELECT *, GROUP_CONCAT(id) FROM orders', '* is selected'],
    ["SELECT GROUP_CONCAT(user_id ORDER BY year > '1') FROM films", 'of type YEAR'],
    ['SELECT year, GROUP_CONCAT(title) FROM films GROUP BY year HAVING year > 24', 'of type YEAR'],
    ['SELECT year AS y, GROUP_CONCAT(title) FROM films GROUP BY year HAVING y > 24', 'of type YEAR'],
    ['SELECT GROUP_CONCAT(CAST(year AS DATE)) FROM films', 'of type YEAR'],
    ['SELECT year, COUNT(*) FROM films GROUP BY year HAVING year > 24', 'of type YEAR'],
    ['SELECT year AS y, COUNT(*) + 1 FROM films GROUP BY year HAVING y > 24', 'of type YEAR'],
  ])('is refused where it would not be exact: %s', (sql, message) => {
    expect(route(sql)).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining(message) as unknown,
    });
  });
});

describe('a query in FROM that sorts out rows of all slots, or counts them', () => {
  it('is run by one server, with what selects from it', () => {
    expect(
      plan(
        'SELECT n, COUNT(*) AS c FROM (SELECT app.orders.note, total AS n, SUM(id) FROM app.orders WHERE user_id IN (1, 2, 3) GROUP BY note, n HAVING SUM(id) > 1) AS d WHERE n > 3 GROUP BY n ORDER BY c LIMIT 3',
      ),
    ).toEqual({
      kind: 'gathered',
      slot: 'SELECT `orders`.`note`, CAST(`orders`.`note` AS BINARY), CHARSET(`orders`.`note`), `total`, `id` FROM `orders` WHERE user_id IN (1, 2, 3) LIMIT 20001',
      template:
        'SELECT `orders`.`note`, CAST(`orders`.`note` AS BINARY), CHARSET(`orders`.`note`), `total`, `id` FROM `orders` WHERE user_id IN (1, 2, 3) LIMIT 0',
      named:
        'SELECT n, COUNT(*) AS c FROM (SELECT `orders`.note, total AS n, SUM(id) FROM `orders` WHERE user_id IN (1, 2, 3) GROUP BY note, n HAVING SUM(id) > 1) AS d WHERE n > 3 GROUP BY n ORDER BY c LIMIT 0',
      select:
        'SELECT n, COUNT(*) AS c FROM ( SELECT h0 AS `note`, h3 AS `n`, SUM( h4 ) FROM `shardwright` GROUP BY h0, `n` HAVING SUM( h4 ) > 1 ) AS d WHERE n > 3 GROUP BY n ORDER BY c LIMIT 0, 3',
      window: [0, null],
    });
  });

  it.each([
    [
      'SELECT COUNT(*) FROM (SELECT DISTINCT total, YEAR(note) FROM orders) d',
      'SELECT DISTINCT `total`, `note`',
    ],
    [
      'SELECT COUNT(*) FROM (SELECT 1 FROM orders GROUP BY total) d',
      'SELECT DISTINCT `total` FROM orders LIMIT 20001',
    ],
    ['SELECT COUNT(*) FROM (SELECT DISTINCT total, RAND() FROM orders) d', 'SELECT `total` FROM'],
    [
      'SELECT COUNT(*) FROM (SELECT total FROM orders GROUP BY total HAVING COUNT(*) > 1) d',
      'SELECT `total` FROM',
    ],
  ])('has each slot give equal rows once where that makes no difference: %s', (sql, part) => {
    expect(plan(sql).slot).toContain(part);
  });

  it.each([
    ['SELECT COUNT(*) FROM (SELECT DISTINCT note FROM orders) d WHERE (SELECT 1)', 'a query in it'],
    ['SELECT SUM(DATABASE() = 1) FROM (SELECT DISTINCT note FROM orders) d', 'DATABASE()'],
    ["SELECT COUNT(*) FROM (SELECT DISTINCT note 'x' FROM orders) d", 'a text for the name of a column'],
    ['SELECT COUNT(*) FROM (SELECT DISTINCT note FROM orders FOR UPDATE) d', 'FOR UPDATE'],
    ['SELECT RANK() OVER (ORDER BY note) FROM (SELECT DISTINCT note FROM orders) d', 'RANK()'],
    [
      'SELECT SQL_CALC_FOUND_ROWS note FROM (SELECT DISTINCT note FROM orders) d LIMIT 1',
      'SQL_CALC_FOUND_ROWS',
    ],
    ['SELECT note FROM (SELECT DISTINCT note FROM orders) d LIMIT ROWS EXAMINED 3', 'ROWS EXAMINED'],
  ])('is refused where it would not be exact: %s', (sql, message) => {
    expect(route(sql)).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining(message) as unknown,
    });
  });

  it('has its parameters in each slot, and the numbers of a LIMIT around it', () => {
    const sql = 'SELECT n FROM (SELECT DISTINCT note AS n FROM orders WHERE total > ?) d LIMIT ?';
    const number = (text: string) => ({ kind: 'number', text }) as const;
    expect(route(sql, { parameters: [number('5'), number('7')] })).toMatchObject({
      kind: 'scatter',
      plan: { rows: { select: expect.stringMatching(/LIMIT 0, 7$/) as unknown } },
    });
  });
});
