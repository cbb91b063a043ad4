import { describe, expect, it } from '@jest/globals';
import { edited, route, slot } from '../routing/testing/routing-stage.ts';
import type { GroupMerge } from './merge-plan.ts';

describe('a SELECT that asks other queries', () => {
  it.each([
    ['SELECT EXISTS (SELECT 1 FROM orders WHERE total > 5)', ['maximum']],
    ['SELECT NOT EXISTS (SELECT * FROM orders LIMIT 1) AS none, 7', ['minimum', 'any']],
    ['SELECT NOT (NOT EXISTS (SELECT * FROM orders))', ['maximum']],
    [
      'SELECT (SELECT COUNT(*) FROM orders) AS n, (SELECT SUM(total) FROM orders WHERE id > 3)',
      ['count', 'sum'],
    ],
    [
      'SELECT (SELECT COUNT(*) FROM orders), (SELECT MAX(price) FROM items), (SELECT MIN(at) FROM logs)',
      ['count', 'maximum', 'minimum'],
    ],
    [
      'SELECT EXISTS (SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id WHERE o.total > 5)',
      ['maximum'],
    ],
  ])('is asked of every slot for its rows: %s', (sql, kinds) => {
    const routed = route(sql);
    if (routed.kind !== 'scatter') {
      throw new Error(JSON.stringify(routed));
    }
    expect(routed.parts).toHaveLength(16);
    expect(edited(sql, routed.parts[0]?.edits ?? [])).toBe(sql);
    const rows = routed.plan.rows as GroupMerge;
    expect(rows.by).toEqual([]);
    expect(rows.values.map(({ kind }) => kind)).toEqual(kinds);
  });

  it('goes to the slots of its keys', () => {
    expect(route('SELECT EXISTS (SELECT 1 FROM orders WHERE user_id = 5)')).toMatchObject({
      kind: 'single',
      place: { kind: 'slot', slot: slot(5) },
    });
    const routed = route(
      'SELECT EXISTS (SELECT 1 FROM orders WHERE user_id = 5), (SELECT COUNT(*) FROM users WHERE id IN (6, 7))',
    );
    const slots = new Set([slot(5), slot(6), slot(7)]);
    expect(routed).toMatchObject({
      kind: 'scatter',
      parts: [...slots].toSorted((one, other) => one - other).map((each) => ({ slot: each })),
    });
  });

  it('keeps its lists of keys, of which its columns have their names', () => {
    const sql = 'SELECT EXISTS (SELECT 1 FROM orders WHERE user_id IN (5, 6, 7))';
    const routed = route(sql);
    expect(routed.kind === 'scatter' ? routed.parts.map(({ edits }) => edited(sql, edits)) : []).toEqual(
      expect.arrayContaining([sql]),
    );
    expect(routed.kind === 'scatter' && routed.parts.every(({ edits }) => edits.length === 0)).toBe(true);
  });

  it('has the first 255 characters of a text as the name of its column, as a server has', () => {
    const sql = `SELECT (SELECT MAX(code) FROM app.countries WHERE title <> '${'x'.repeat(300)}') FROM users WHERE id = 1`;
    const routed = route(sql);
    const text = routed.kind === 'single' ? edited(sql, routed.edits) : routed.kind;
    const [, name = ''] = / AS `([^`]*)` FROM users/.exec(text) ?? [];
    expect(name).toHaveLength(255);
    expect(sql).toContain(`SELECT ${name}`);
    const spaced = sql.replace('x'.repeat(300), ' '.repeat(300));
    const other = route(spaced);
    expect(other.kind === 'single' ? edited(spaced, other.edits) : '').not.toContain(' AS ');
  });

  it.each([
    'SELECT (SELECT total FROM orders LIMIT 1)',
    'SELECT (SELECT AVG(total) FROM orders)',
    'SELECT (SELECT COUNT(DISTINCT total) FROM orders)',
    'SELECT (SELECT COUNT(*) FROM orders GROUP BY note)',
    'SELECT (SELECT COUNT(*) FROM orders HAVING COUNT(*) > 3)',
    'SELECT (SELECT MAX(note) FROM orders)',
    'SELECT (SELECT COUNT(*) FROM orders LIMIT 0)',
    'SELECT (SELECT COUNT(*) FROM orders LIMIT 1, 1) + 1',
    'SELECT (SELECT AVG(total) FROM orders) + 1',
    'SELECT 5 IN (SELECT COUNT(*) FROM orders)',
    'SELECT 5 > ALL (SELECT total FROM orders) OR TRUE',
    'SELECT (SELECT COUNT(*) FROM orders) + (SELECT 1)',
    'SELECT (SELECT COUNT(*) FROM orders) + @@version',
    'SELECT (SELECT COUNT(*) FROM orders) + LAST_INSERT_ID()',
    'SELECT SQL_NO_CACHE (SELECT COUNT(*) FROM orders) + 1',
    'SELECT EXISTS (SELECT note FROM orders GROUP BY note HAVING COUNT(*) > 1)',
    'SELECT EXISTS (SELECT 1 FROM orders LIMIT 1 OFFSET 5)',
    'SELECT EXISTS (SELECT 1 FROM orders UNION SELECT 1 FROM users)',
    'SELECT EXISTS (SELECT 1 FROM orders WHERE total > (SELECT AVG(total) FROM orders))',
    'SELECT 1 WHERE EXISTS (SELECT 1 FROM orders)',
    'SELECT 1 FROM countries WHERE EXISTS (SELECT 1 FROM orders)',
  ])('is refused where slots cannot tell for themselves: %s', (sql) => {
    expect(route(sql)).toMatchObject({ kind: 'refused' });
  });
});

describe('expressions of what other queries say', () => {
  it.each([
    [
      'SELECT (SELECT MAX(price) FROM items) + 1 AS next, 7',
      'SELECT (SELECT MAX(price) FROM items) AS next, 7',
      ['0: h0 + 1'],
    ],
    [
      'SELECT COALESCE((SELECT SUM(total) FROM orders), 0) / (SELECT COUNT(*) FROM users WHERE id > 1) LIMIT 1',
      'SELECT (SELECT SUM(total) FROM orders), (SELECT COUNT(*) FROM users WHERE id > 1)',
      ['0: COALESCE( h0 , 0) / h1'],
    ],
    [
      "SELECT EXISTS (SELECT 1 FROM orders), IF(NOT EXISTS (SELECT 1 FROM app.items), 'none', NOW())",
      "SELECT EXISTS (SELECT 1 FROM orders), EXISTS (SELECT 1 FROM `items`) AS `IF(NOT EXISTS (SELECT 1 FROM app.items), 'none', NOW())`",
      ['0: h0', "1: IF(NOT h1 , 'none', NOW())"],
    ],
    [
      'SELECT DATABASE(), (SELECT COUNT(*) FROM orders JOIN countries ON code = note) * 2',
      "SELECT 'app' AS `DATABASE()`, (SELECT COUNT(*) FROM orders JOIN `app$shared`.countries ON code = note) AS `(SELECT COUNT(*) FROM orders JOIN countries ON code = note) * 2`",
      ['1: h1 * 2'],
    ],
  ])('are calculated from what all slots say: %s', (sql, ofSlot, items) => {
    const routed = route(sql);
    if (routed.kind !== 'scatter') {
      throw new Error(JSON.stringify(routed));
    }
    const short = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
    const { calculation, values, visible } = routed.plan.rows as GroupMerge;
    expect(short(edited(sql, routed.parts[0]?.edits ?? []))).toBe(short(ofSlot));
    expect(
      calculation?.items.map(({ item, text }) => `${item}: ${short(text.replaceAll('`shardwright`.', ''))}`),
    ).toEqual(items);
    expect(calculation?.answered).toBe(0);
    expect(values.length).toBe(visible + (calculation?.inputs.length ?? 0));
    expect(short(edited(sql, routed.template ?? []))).toContain(', 0 LIMIT 0');
    expect(short(edited(sql, routed.named ?? []))).toMatch(/ LIMIT 0$/);
  });
});
