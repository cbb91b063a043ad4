/** Random SELECTs that no merge puts together: a server sees all rows. */
import type { GeneratedStatement } from './generated-statement.ts';
import { pick, type Random, whole } from './random-choice.ts';
import { condition } from './random-condition.ts';

const LISTED = [
  'u.name',
  'u.title',
  'u.age',
  'u.score',
  'u.joined',
  'u.born',
  'u.span',
  'u.big',
  'u.fine',
  'u.note',
];
const NUMBERS = ['u.age', 'u.score', 'u.flags', 'u.big', 'u.year', 'u.fine'];

/** Values in an order without ties; of those that are distinct each has one text. */
function list(random: Random): string {
  const separator = pick(random, ['', " SEPARATOR '; '", " SEPARATOR ''"]);
  const most = pick(random, ['', '', ` LIMIT ${1 + whole(random, 4)}`]);
  const column = pick(random, LISTED);
  const number = pick(random, NUMBERS);
  return pick(random, [
    `GROUP_CONCAT(${column} ORDER BY u.id${separator}${most})`,
    `GROUP_CONCAT(${column}, '=', u.id ORDER BY ${column} DESC, u.id${separator})`,
    `GROUP_CONCAT(DISTINCT ${number} ORDER BY ${number}${separator}${most})`,
    `GROUP_CONCAT(DISTINCT HEX(u.name) ORDER BY HEX(u.name) DESC${separator})`,
    `CONCAT('[', GROUP_CONCAT(u.id ORDER BY u.age IS NULL, u.age, u.id), ']')`,
    `JSON_ARRAYAGG(${pick(random, ['u.name', 'u.age', 'u.born'])} ORDER BY u.id)`,
    `LENGTH(GROUP_CONCAT(${number}))`,
  ]);
}

/**
 * How far values are spread. Its last digits depend on which row comes first, also on one server: rounded, and so that no value
 * lies between two.
 */
function spread(random: Random): string {
  const name = pick(random, [
    'STD',
    'STDDEV',
    'STDDEV_POP',
    'STDDEV_SAMP',
    'VARIANCE',
    'VAR_POP',
    'VAR_SAMP',
  ]);
  const of = pick(random, ['u.age', 'u.flags', 'u.score', 'u.id', 'u.year', 'u.age * 2 + u.id']);
  const rounded = `ROUND(${name}(${of}) + 0.0001234, 2)`;
  return pick(random, [rounded, `${rounded} + COUNT(*)`, `COALESCE(${rounded}, 0)`]);
}

/** A query whose rows are of all slots: its columns are x and n. */
function inFrom(random: Random): string {
  const column = pick(random, LISTED);
  const other = pick(
    random,
    NUMBERS.filter((name) => name !== 'u.year'),
  );
  const group = pick(random, [...LISTED, 'YEAR(u.joined)', 'LOWER(u.name)', 'u.flags']);
  const value = pick(random, [
    'COUNT(*)',
    'SUM(u.score)',
    'AVG(u.fine)',
    'AVG(u.age)',
    'MAX(u.age)',
    'MIN(u.big)',
  ]);
  const having = pick(random, ['', 'HAVING COUNT(*) > 1', 'HAVING n > 2']);
  return pick(random, [
    `SELECT DISTINCT ${column} AS x, ${other} AS n FROM users u ${condition(random)}`,
    `SELECT ${group} AS x, ${value} AS n FROM users u ${condition(random)} GROUP BY ${group} ${having}`,
    `SELECT o.country AS x, ${pick(random, ['SUM(o.total)', 'COUNT(*)', 'AVG(o.amount)'])} AS n FROM orders o JOIN users u ON u.id = o.user_id ${condition(random)} GROUP BY o.country, u.flags`,
  ]);
}

const SHAPES: readonly ((random: Random) => GeneratedStatement)[] = [
  ...Array.from({ length: 3 }, () => (random: Random) => ({
    sql: `SELECT ${pick(random, ['COUNT(*)', 'COUNT(x), SUM(n)', 'MAX(n), MIN(d.n)', 'AVG(n) AS mean, MAX(x)', 'COALESCE(SUM(n), 0) + 1', 'COUNT(DISTINCT n), MIN(x)'])} FROM (${inFrom(random)}) AS d${pick(random, ['', '', ' WHERE n > 1', ' WHERE x IS NOT NULL'])}`,
    ordered: true,
  })),
  (random) => ({
    sql: `SELECT COUNT(*) FROM (SELECT 1 FROM users u ${condition(random)} GROUP BY ${pick(random, [...LISTED, ...NUMBERS.filter((name) => name !== 'u.year')])}) AS d`,
    ordered: true,
  }),
  (random) => ({
    sql: `SELECT n, COUNT(*) AS c FROM (${inFrom(random)}) AS d GROUP BY n ORDER BY c DESC, n${pick(random, ['', ' LIMIT 3', ' LIMIT 1, 4'])}`,
    ordered: true,
  }),
  (random) => ({
    sql: `SELECT ${spread(random)} AS s, ${spread(random)} FROM users u ${condition(random)}`,
    ordered: true,
  }),
  (random) => {
    const group = pick(random, ['u.flags', 'u.age', 'u.name', 'YEAR(u.joined)']);
    const having = pick(random, ['', 'HAVING s IS NOT NULL', 'HAVING COUNT(*) > 2']);
    return {
      sql: `SELECT MIN(u.id) AS least, ${spread(random)} AS s FROM users u ${condition(random)} GROUP BY ${group} ${having} ORDER BY least`,
      ordered: true,
    };
  },
  (random) => ({ sql: `SELECT ${list(random)}, COUNT(*) FROM users u ${condition(random)}`, ordered: true }),
  (random) => {
    const group = pick(random, ['u.flags', 'u.age', 'YEAR(u.joined)', 'u.born', 'u.name']);
    const having = pick(random, ['', 'HAVING COUNT(*) > 1', "HAVING l LIKE '%1%'", 'HAVING MAX(u.age) > 3']);
    const limit = pick(random, ['', ` LIMIT ${1 + whole(random, 5)}`]);
    return {
      sql: `SELECT MIN(u.id) AS least, ${list(random)} AS l FROM users u ${condition(random)} GROUP BY ${group} ${having} ORDER BY least${limit}`,
      ordered: true,
    };
  },
  (random) => ({
    sql: `SELECT o.country, GROUP_CONCAT(o.id, ':', o.user_id ORDER BY o.id, o.user_id), SUM(o.total) FROM orders o JOIN users u ON u.id = o.user_id ${condition(random)} GROUP BY o.country ORDER BY o.country`,
    ordered: true,
  }),
  (random) => {
    const [one, other] = [pick(random, ['u.flags', 'u.age']), pick(random, ['u.year', 'YEAR(u.born)'])];
    const values = pick(random, [
      'COUNT(*)',
      'SUM(u.score)',
      'MIN(u.joined)',
      'COUNT(DISTINCT u.big)',
      'AVG(u.fine)',
    ]);
    return {
      sql: `SELECT ${one} AS a, ${other} AS b, ${values} FROM users u ${condition(random)} GROUP BY ${one}, ${other} WITH ROLLUP`,
      ordered: false,
    };
  },
  (random) => ({
    sql: `SELECT DISTINCT COUNT(*) AS c, MAX(u.age) FROM users u ${condition(random)} GROUP BY u.flags, u.year ORDER BY c, 2`,
    ordered: true,
  }),
];

/** A SELECT. */
export function gatheredStatement(random: Random): GeneratedStatement {
  return { ...pick(random, SHAPES)(random), folded: true };
}
