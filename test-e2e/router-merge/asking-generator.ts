/** Random SELECTs without tables of their own, which ask others. */
import type { GeneratedStatement } from './generated-statement.ts';
import { pick, type Random, whole } from './random-choice.ts';
import { condition, EXACT_NUMBERS } from './random-condition.ts';

const SHIFTED = ['u.score', 'u.age', 'u.big', 'u.ratio', 'u.born', 'u.joined', 'u.span'];

const exists = (random: Random): string => `EXISTS (SELECT 1 FROM users u ${condition(random)})`;
const count = (random: Random): string =>
  pick(random, [
    `(SELECT COUNT(*) FROM users u ${condition(random)})`,
    `(SELECT COUNT(o.total) FROM orders o WHERE o.amount > ${whole(random, 9)})`,
    '(SELECT COUNT(*) FROM users u JOIN orders o ON o.user_id = u.id JOIN countries c ON c.code = o.country)',
  ]);
const sum = (random: Random): string =>
  `(SELECT SUM(${pick(random, EXACT_NUMBERS)}) FROM users u ${condition(random)})`;
const extreme = (random: Random, columns = SHIFTED): string =>
  `(SELECT ${pick(random, ['MIN', 'MAX'])}(${pick(random, columns)}) FROM users u ${condition(random)})`;

/** What slots answer, and no more. */
const PLAIN: readonly ((random: Random) => string)[] = [
  exists,
  (random) => `NOT EXISTS (SELECT * FROM orders o WHERE o.amount > ${whole(random, 9)} LIMIT 1)`,
  (random) =>
    `EXISTS (SELECT u.id FROM users u JOIN orders o ON o.user_id = u.id WHERE o.amount = u.flags AND u.age = ${whole(random, 20)})`,
  count,
  (random) => `${sum(random)} AS total`,
  extreme,
];

/** What a server calculates from their answers. */
const AROUND: readonly ((random: Random) => string)[] = [
  (random) => `${count(random)} + ${whole(random, 9)}`,
  (random) => `COALESCE(${sum(random)}, 0) / ${count(random)} AS mean`,
  (random) => `IF(${exists(random)}, 'some', 'none')`,
  (random) => `NOT ${exists(random)} OR ${count(random)} > ${whole(random, 30)}`,
  (random) => `${extreme(random)} IS NULL`,
  (random) =>
    `DATEDIFF(${extreme(random, ['u.born', 'u.joined'])}, ${extreme(random, ['u.born', 'u.joined'])})`,
  // Named: a server cuts a name of this length, and the router cannot write one that would end in a space.
  (random) =>
    `CASE WHEN ${extreme(random, ['u.age'])} > 10 THEN ${sum(random)} ELSE -${count(random)} END AS chosen`,
  (random) => `CONCAT(${extreme(random)}, '!')`,
  (random) => `ROUND(${extreme(random, ['u.score', 'u.ratio'])} * 1.5, 1)`,
  (random) => `${extreme(random, ['u.score'])} - ${extreme(random, ['u.age'])}`,
];

const CONSTANT = (random: Random): string => pick(random, [`${whole(random, 9)}`, "UPPER('a')", 'NULL']);

/** One or two items, of which the first asks. */
export function askingStatement(random: Random): GeneratedStatement {
  const items = [
    pick(random, random() < 0.5 ? PLAIN : AROUND),
    ...(random() < 0.5 ? [pick(random, [...PLAIN, ...AROUND, CONSTANT])] : []),
  ];
  return { sql: `SELECT ${items.map((item) => item(random)).join(', ')}`, ordered: true };
}
