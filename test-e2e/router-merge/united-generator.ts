/** Random UNIONs: several in turn, and in FROM. */
import type { GeneratedStatement } from './generated-statement.ts';
import { pick, type Random, whole } from './random-choice.ts';
import { condition } from './random-condition.ts';

/** Two columns of numbers, called `n` and `m`. */
function part(random: Random): string {
  return pick(random, [
    `SELECT u.flags AS n, u.age AS m FROM users u ${condition(random)}`,
    `SELECT u.id AS n, u.flags AS m FROM users u ${condition(random)}`,
    `SELECT o.amount AS n, o.total AS m FROM orders o WHERE o.user_id < ${whole(random, 60)}`,
    `SELECT o.user_id AS n, ${whole(random, 3)} AS m FROM orders o WHERE o.user_id IN (1, ${whole(random, 60)}, 9)`,
    'SELECT DISTINCT u.id AS n, u.age AS m FROM users u JOIN orders o ON o.user_id = u.id',
    'SELECT o.user_id AS n, COUNT(*) AS m FROM orders o GROUP BY o.user_id',
  ]);
}

function chain(random: Random, operators: readonly string[]): string {
  const more = Array.from(
    { length: 1 + whole(random, 3) },
    () => ` ${pick(random, operators)} ${part(random)}`,
  );
  return `${part(random)}${more.join('')}`;
}

const SHAPES: readonly ((random: Random) => GeneratedStatement)[] = [
  (random) => ({ sql: chain(random, ['UNION', 'UNION ALL']), ordered: false }),
  (random) => ({
    sql: `${chain(random, ['UNION', 'UNION ALL'])} ORDER BY 1, 2${pick(random, ['', ' LIMIT 9', ' LIMIT 5, 20'])}`,
    ordered: true,
  }),
  (random) => ({
    sql: `${part(random)} UNION ALL (${part(random)} UNION ${part(random)}) UNION ALL ${part(random)}`,
    ordered: false,
  }),
  (random) => ({
    sql: `SELECT COUNT(*), SUM(d.n), COUNT(d.m) FROM (${chain(random, ['UNION ALL'])}) d WHERE d.n > ${whole(random, 9)}`,
    ordered: true,
  }),
  (random) => ({
    sql: `WITH d AS (SELECT u.flags AS n FROM users u ${condition(random)} UNION ALL SELECT o.amount FROM orders o) SELECT d.n, COUNT(*) AS c FROM d GROUP BY d.n HAVING c > 1`,
    ordered: false,
  }),
  (random) => ({
    sql: `SELECT COUNT(*), SUM(d.k) FROM (SELECT u.id AS k, u.age AS m FROM users u ${condition(random)} UNION SELECT o.user_id, o.amount FROM orders o) d`,
    ordered: true,
  }),
];

/** A SELECT. */
export function unitedStatement(random: Random): GeneratedStatement {
  return pick(random, SHAPES)(random);
}
