import { describe, expect, it } from '@jest/globals';
import { edited, route } from '../routing/testing/routing-stage.ts';

/** What each slot is sent, or why it is refused. */
function sent(sql: string): string {
  const decided = route(sql);
  if (decided.kind === 'refused') {
    return decided.message;
  }
  return decided.kind === 'scatter' ? edited(sql, decided.parts[0]?.edits ?? []) : decided.kind;
}

describe('a position in ORDER BY that counts columns of a *', () => {
  it.each([
    ['SELECT * FROM items ORDER BY 2 DESC', 'ORDER BY `items`.`user_id` DESC'],
    ['SELECT i.* FROM items i ORDER BY 4, 1', 'ORDER BY `i`.`price`, `i`.`order_id`'],
    [
      'SELECT o.*, i.* FROM orders o JOIN items i ON i.user_id = o.user_id ORDER BY 1, 6',
      'ORDER BY `o`.`id`, `i`.`order_id`',
    ],
    ['SELECT 7 AS n, i.* FROM items i ORDER BY 2', 'ORDER BY `i`.`order_id`'],
    ['SELECT *, price * 2 AS twice FROM items ORDER BY 5', 'ORDER BY `twice`'],
    ['SELECT *, items.price FROM items ORDER BY 5', 'ORDER BY items.price'],
    ['SELECT DISTINCT * FROM items ORDER BY 1', 'ORDER BY `items`.`order_id`'],
    ['SELECT * FROM (SELECT user_id, price AS p FROM items) d ORDER BY 2', 'ORDER BY `d`.`p`'],
  ])('%s', (sql, order) => {
    expect(/ORDER BY .*$/u.exec(sent(sql))?.[0] ?? null).toBe(order);
  });

  it.each([
    'SELECT * FROM items ORDER BY 5',
    'SELECT *, price * 2 FROM items ORDER BY 5',
    'SELECT *, UPPER(product) AS product FROM items ORDER BY 5',
    'SELECT * FROM orders JOIN items USING (user_id) ORDER BY 1',
  ])('is refused where it is not certain: %s', (sql) => {
    expect(route(sql)).toMatchObject({ kind: 'refused', errno: 1235 });
  });

  it('is compared by its own column behind the others, since where it is among them is the server’s to know', () => {
    const decided = route('SELECT * FROM items ORDER BY 4 DESC');
    expect(decided).toMatchObject({
      kind: 'scatter',
      plan: {
        hidden: 1,
        rows: { kind: 'order', by: [{ value: { from: 'hidden', index: 0 }, descending: true }] },
      },
    });
  });
});

describe('DISTINCT *', () => {
  it.each([
    ['SELECT DISTINCT * FROM items ORDER BY price', 'distinct'],
    ['SELECT DISTINCT i.* FROM items i JOIN orders o ON o.user_id = i.user_id ORDER BY i.price', 'distinct'],
    ['SELECT DISTINCT i.price FROM items i ORDER BY i.order_id', 'refused'],
    ['SELECT DISTINCT i.* FROM items i JOIN orders o ON o.user_id = i.user_id ORDER BY o.total', 'refused'],
  ])('%s', (sql, kind) => {
    const decided = route(sql);
    expect(decided.kind === 'scatter' ? decided.plan.rows.kind : decided.kind).toBe(kind);
  });
});
