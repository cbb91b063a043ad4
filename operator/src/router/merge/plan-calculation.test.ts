import { describe, expect, it } from '@jest/globals';
import { edited, route } from '../routing/testing/routing-stage.ts';
import type { GroupMerge } from './merge-plan.ts';

/** What a SELECT over all slots of `orders` comes to, without white space that makes no difference. */
function plan(sql: string) {
  const routed = route(sql);
  if (routed.kind !== 'scatter') {
    throw new Error(`${sql}: ${routed.kind === 'refused' ? routed.message : routed.kind}`);
  }
  const rows = routed.plan.rows as Partial<GroupMerge>;
  const short = (text: string | null | undefined): string | null =>
    text?.replaceAll('`shardwright`.', '').replaceAll(/\s+/g, ' ') ?? null;
  return {
    slot: edited(sql, routed.parts[0]?.edits ?? []),
    template: routed.template === undefined ? null : edited(sql, routed.template),
    items: rows.calculation?.items.map(({ item, text }) => `${item}: ${short(text)}`) ?? null,
    having: short(rows.calculation?.having),
    order: short(rows.calculation?.order),
    merged: { having: rows.having?.kind ?? null, order: rows.order?.map(({ index }) => index) },
  };
}

describe('an expression around aggregates', () => {
  it('is asked of no slot: they give what it is made of, and one of them the columns it has', () => {
    expect(plan('SELECT ROUND(AVG(total), 2) AS mean FROM orders LIMIT 3 -- a comment')).toMatchObject({
      slot: 'SELECT IF(FALSE, ROUND(AVG(total), 2), NULL) AS mean, SUM(`total`), COUNT(`total`) FROM orders -- a comment',
      template:
        'SELECT ROUND(AVG(total), 2) AS mean, SUM(`total`), COUNT(`total`), 0 FROM orders LIMIT 0 -- a comment',
      items: ['0: ROUND( (h0 / h1) , 2 )'],
    });
  });

  it.each([
    ['SELECT COUNT(*) > 5, user_id FROM orders GROUP BY total', ['0: h1 > 5']],
    ['SELECT MAX(total) - MIN(total) FROM orders', ['0: h0 - h1']],
    ['SELECT COALESCE(MAX(total), 0) + 1 FROM orders', ['0: COALESCE( h0 , 0 ) + 1']],
    ['SELECT IFNULL(SUM(total), 0), COUNT(DISTINCT total) FROM orders', ['0: IFNULL( h1 , 0 )']],
    ['SELECT SUM(DISTINCT total) + AVG(DISTINCT user_id) FROM orders', ['0: h0 + (h2 / h4)']],
    [
      'SELECT CASE WHEN COUNT(*) > 1 THEN total ELSE -total END FROM orders GROUP BY total',
      ['0: CASE WHEN h1 > 1 THEN h0 ELSE - h0 END'],
    ],
  ])('%s', (sql, items) => {
    expect(plan(sql).items?.map((item) => item.replace(/\s+/g, ' '))).toEqual(items);
  });

  it('in HAVING and in ORDER BY stands for its alias, and plain ones are merged as ever', () => {
    expect(
      plan(
        'SELECT COUNT(*) + 1 AS c FROM orders GROUP BY total HAVING c > 2 AND SUM(total) > 3 ORDER BY c DESC, total',
      ),
    ).toMatchObject({
      items: ['0: h1 + 1'],
      having: '(h1 + 1) > 2 AND h2 > 3',
      order: 'h1 + 1 DESC, h0',
      merged: { having: null, order: [] },
    });
    expect(
      plan('SELECT total, COUNT(*) + 1 FROM orders GROUP BY total HAVING COUNT(*) > 1 ORDER BY total'),
    ).toMatchObject({ having: null, order: null, merged: { having: 'compare', order: [0] } });
  });

  it('is not there where each group lies within a slot, or merging is enough', () => {
    expect(plan('SELECT user_id, SUM(total) / COUNT(*) FROM orders GROUP BY user_id').template).toBeNull();
    expect(plan('SELECT IFNULL(SUM(total), 0) FROM orders HAVING COUNT(*) > 1')).toMatchObject({
      template: null,
      items: null,
    });
  });

  it.each([
    ['SELECT SUM(total) + (SELECT 1) FROM orders', 'a query in it'],
    ['SELECT CONCAT(DATABASE(), COUNT(*)) FROM orders', 'DATABASE()'],
    ['SELECT SUM(total) + @@version FROM orders', 'a system variable'],
    ['SELECT MAX(state) + 1 FROM orders', 'MAX() of ENUM'],
    ['SELECT SUM(total) + 1 FROM orders FOR UPDATE', 'FOR UPDATE'],
    ['SELECT SQL_NO_CACHE SUM(total) + 1 FROM orders', 'SQL_NO_CACHE'],
    ['SET STATEMENT max_statement_time = 1 FOR SELECT SUM(total) + 1 FROM orders', 'SET STATEMENT'],
    ['WITH o AS (SELECT total FROM orders) SELECT SUM(total) + 1 FROM o', 'WITH'],
    [
      'SELECT note, COUNT(*) AS total FROM orders GROUP BY note HAVING total + 1 > 2',
      'may be an alias or a column',
    ],
    ['SELECT JSON_OBJECT(MAX(note), 1) FROM orders', 'JSON_OBJECT()'],
  ])('is refused where it would not be exact: %s', (sql, message) => {
    expect(route(sql)).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining(message) as unknown,
    });
  });
});
