import { describe, expect, it } from '@jest/globals';
import { rewriteStatement } from '../sql/rewrite.ts';
import { qualifyingEdit } from './qualified-table.ts';
import { parse } from './testing/routing-stage.ts';

function qualified(sql: string): string | null {
  const statement = parse(sql);
  const edit = qualifyingEdit(statement.shape, 'app_s0012');
  return edit === null ? null : rewriteStatement(statement, [edit]).toString();
}

describe('qualifyingEdit', () => {
  it.each([
    [
      'SELECT total FROM orders WHERE user_id = ?',
      'SELECT total FROM `app_s0012`.`orders` WHERE user_id = ?',
    ],
    [
      'SELECT o.total, COUNT(*) FROM orders AS o WHERE o.user_id = 1 GROUP BY o.total FOR UPDATE',
      'SELECT o.total, COUNT(*) FROM `app_s0012`.`orders` AS o WHERE o.user_id = 1 GROUP BY o.total FOR UPDATE',
    ],
    [
      'SELECT orders.* FROM orders WHERE orders.user_id = 1',
      'SELECT orders.* FROM `app_s0012`.`orders` WHERE orders.user_id = 1',
    ],
    [
      'UPDATE orders SET total = 1 WHERE user_id = 1',
      'UPDATE `app_s0012`.`orders` SET total = 1 WHERE user_id = 1',
    ],
    ['DELETE FROM `orders` WHERE user_id = 1', 'DELETE FROM `app_s0012`.`orders` WHERE user_id = 1'],
    [
      'INSERT INTO orders (id, user_id) VALUES (1, 2) ON DUPLICATE KEY UPDATE total = VALUES(total)',
      'INSERT INTO `app_s0012`.`orders` (id, user_id) VALUES (1, 2) ON DUPLICATE KEY UPDATE total = VALUES(total)',
    ],
    [
      'REPLACE INTO orders SET id = 1, user_id = 2',
      'REPLACE INTO `app_s0012`.`orders` SET id = 1, user_id = 2',
    ],
  ])('puts the database in front of the one table: %s', (sql, expected) => {
    expect(qualified(sql)).toBe(expected);
  });

  it.each([
    ['two tables', 'SELECT 1 FROM orders o JOIN items i ON i.user_id = o.user_id WHERE o.user_id = 1'],
    ['a query within', 'SELECT * FROM orders WHERE user_id = 1 AND id IN (SELECT 1)'],
    ['a union', 'SELECT 1 FROM orders WHERE user_id = 1 UNION ALL SELECT 2'],
    ['a name that has its database', 'SELECT total FROM app.orders WHERE user_id = 1'],
    ['a column that has its database', 'SELECT app.orders.total FROM orders WHERE user_id = 1'],
    ['a function that may be stored', 'SELECT discount(total) FROM orders WHERE user_id = 1'],
    ['targets that are names of tables', 'DELETE orders FROM orders WHERE user_id = 1'],
    ['a sequence', 'INSERT INTO orders (id, user_id) VALUES (NEXT VALUE FOR numbers, 2)'],
    [
      'settings of its own',
      'SET STATEMENT max_statement_time = 1 FOR SELECT total FROM orders WHERE user_id = 1',
    ],
    ['no table', 'SELECT 1'],
    ['another kind of statement', 'EXPLAIN SELECT total FROM orders WHERE user_id = 1'],
  ])('leaves %s', (_case, sql) => {
    expect(qualified(sql)).toBeNull();
  });
});
