/** Random changes of the tables, each of which the router takes. */
import { type Random, whole } from './random-choice.ts';

const KEYS = 70;

function key(random: Random): number {
  return 1 + whole(random, KEYS);
}

function orders(random: Random): string {
  return Array.from(
    { length: 1 + whole(random, 6) },
    () =>
      `(${whole(random, 300)}, ${key(random)}, ${whole(random, 99)}.5, ${whole(random, 9)}, 'CH', 'state ${whole(random, 5)}')`,
  ).join(', ');
}

const WRITES: readonly ((random: Random) => string)[] = [
  (random) => `INSERT IGNORE INTO orders VALUES ${orders(random)}`,
  (random) => `REPLACE INTO orders (id, user_id, total, amount, country, state) VALUES ${orders(random)}`,
  (random) =>
    `INSERT INTO orders VALUES ${orders(random)} ON DUPLICATE KEY UPDATE total = VALUES(total), user_id = VALUES(user_id), amount = amount + 1`,
  (random) =>
    `INSERT IGNORE INTO orders SELECT id + 1000, user_id, total, amount, country, state FROM orders WHERE user_id = ${key(random)}`,
  (random) => `UPDATE orders SET total = total + 1 WHERE user_id = ${key(random)}`,
  (random) =>
    `UPDATE orders SET amount = 3 WHERE user_id IN (${key(random)}, ${key(random)}, ${key(random)}) AND id > 50`,
  (random) => `UPDATE orders SET state = 'all' WHERE amount = ${whole(random, 9)}`,
  (random) => `UPDATE orders SET amount = 1 WHERE user_id = ${key(random)} ORDER BY id LIMIT 1`,
  (random) =>
    `UPDATE orders o JOIN users u ON u.id = o.user_id SET o.amount = u.flags, u.age = o.amount WHERE u.id = ${key(random)} AND o.id = ${whole(random, 300)}`,
  (random) =>
    `UPDATE users u SET u.flags = (SELECT COUNT(*) MOD 200 FROM orders o WHERE o.user_id = u.id) WHERE u.age > ${whole(random, 9)}`,
  (random) => `DELETE FROM orders WHERE user_id = ${key(random)} AND amount > 6`,
  (random) =>
    `DELETE FROM orders WHERE user_id IN (${key(random)}, ${key(random)}) AND total < ${whole(random, 50)}`,
  (random) =>
    `DELETE FROM orders WHERE user_id IN (${key(random)}, ${key(random)}, ${key(random)}) AND amount < ${whole(random, 4)} RETURNING id, user_id, total, state`,
  (random) =>
    `DELETE FROM orders WHERE total = ${whole(random, 99)}.5 RETURNING id + user_id AS sum, country`,
  (random) => `DELETE o FROM users u JOIN orders o ON o.user_id = u.id WHERE u.flags = ${whole(random, 200)}`,
  (random) => `UPDATE countries SET size = size + ${whole(random, 3)}`,
  (random) => `REPLACE INTO countries VALUES ('X${whole(random, 9)}', 'land', ${whole(random, 9)})`,
];

/** A change of several tables' rows, with the same outcome in whatever order rows are changed. */
export function generateWrite(random: Random): string {
  const write = WRITES[whole(random, WRITES.length)];
  if (write === undefined) {
    throw new RangeError('there are no changes');
  }
  return write(random);
}
