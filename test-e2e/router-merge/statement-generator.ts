/** Random SELECTs about the tables of `random-rows.ts`, from a seed. */
import { askingStatement } from './asking-generator.ts';
import { gatheredStatement } from './gathered-generator.ts';
import type { GeneratedStatement } from './generated-statement.ts';
import { pick, type Random, whole } from './random-choice.ts';
import { unitedStatement } from './united-generator.ts';
import { condition, EXACT_NUMBERS } from './random-condition.ts';

const NUMBERS = ['u.score', 'u.age', 'u.flags', 'u.ratio', 'u.big', 'u.fine', 'u.year', 'u.id'];
const OTHERS = ['u.name', 'u.code', 'u.title', 'u.joined', 'u.born', 'u.span', 'u.raw', 'u.note'];
const SPECIAL = ['u.kind', 'u.small', 'u.bits', 'u.moment'];
const EXPRESSIONS = [
  'LOWER(u.name)',
  'u.age * 2',
  'YEAR(u.joined)',
  'u.score * 2',
  "CONCAT(u.code, '-')",
  'LENGTH(u.name)',
  'u.age IS NULL',
  'u.age DIV 3',
  'u.name COLLATE utf8mb4_bin',
  'LOWER(u.code COLLATE utf8mb4_unicode_nopad_ci)',
  'BINARY u.name',
  "CASE WHEN u.age > 3 THEN u.code ELSE 'b' END",
  'COALESCE(u.small, u.age)',
];
const COLUMNS = [...NUMBERS, ...OTHERS, ...SPECIAL];

function direction(random: Random): string {
  return random() < 0.5 ? ' DESC' : '';
}

function limit(random: Random): string {
  const count = whole(random, 12);
  return pick(random, [
    '',
    ` LIMIT ${count}`,
    ` LIMIT ${whole(random, 6)}, ${count}`,
    ` LIMIT ${count} OFFSET ${whole(random, 20)}`,
  ]);
}

const ROWS: readonly ((random: Random) => GeneratedStatement)[] = [
  // Rows in an order that is certain.
  (random) => {
    const by = Array.from(
      { length: 1 + whole(random, 3) },
      () => pick(random, [...COLUMNS, ...EXPRESSIONS]) + direction(random),
    );
    const list = random() < 0.3 ? 'u.*' : `u.id, ${pick(random, COLUMNS)}, ${pick(random, COLUMNS)}`;
    return {
      sql: `SELECT ${list} FROM users u ${condition(random)} ORDER BY ${by.join(', ')}, u.id${limit(random)}`,
      ordered: true,
    };
  },
  // Rows in no order.
  (random) => ({
    sql: `SELECT u.*, ${pick(random, EXPRESSIONS)} AS e FROM users u ${condition(random)}`,
    ordered: false,
  }),
  (random) => ({
    sql: `SELECT DISTINCT ${pick(random, COLUMNS)}, ${pick(random, COLUMNS)} AS other FROM users u ${condition(random)}`,
    ordered: false,
    folded: true,
  }),
  (random) => {
    const column = pick(random, [...NUMBERS, ...OTHERS]);
    return {
      sql: `SELECT DISTINCT ${column} FROM users u ${condition(random)} ORDER BY ${column}${direction(random)}${limit(random)}`,
      ordered: true,
      folded: true,
    };
  },
  (random) => ({
    sql: `SELECT u.id, o.id, o.total, c.title FROM users u JOIN orders o ON o.user_id = u.id LEFT JOIN countries c ON c.code = o.country ${condition(random)} ORDER BY o.total${direction(random)}, o.id, o.user_id${limit(random)}`,
    ordered: true,
  }),
  (random) => ({
    sql: `SELECT u.id, o.id AS other FROM users u LEFT JOIN orders o ON o.user_id = u.id AND o.amount > ${whole(random, 9)} ORDER BY 2${direction(random)}, 1${limit(random)}`,
    ordered: true,
  }),
  (random) => ({
    sql: `SELECT id FROM users WHERE age > ${whole(random, 9)} UNION ALL SELECT user_id FROM orders ORDER BY id${direction(random)}${limit(random)}`,
    ordered: true,
  }),
  // Windows whose partitions each lie within a slot.
  (random) => {
    const by = `PARTITION BY o.user_id${pick(random, ['', ', o.amount', ', o.country'])} ORDER BY o.total${direction(random)}, o.id`;
    const window = pick(random, [
      `ROW_NUMBER() OVER (${by})`,
      `RANK() OVER (PARTITION BY o.user_id ORDER BY o.amount)`,
      `SUM(o.total) OVER (${by} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`,
      `LAG(o.state) OVER (${by})`,
      `COUNT(*) OVER (PARTITION BY o.user_id)`,
      `AVG(o.amount) OVER w`,
    ]);
    const named = window.endsWith(' w') ? ` WINDOW w AS (${by})` : '';
    const selected = `o.user_id, o.id, ${window} AS w1`;
    const order = ` ORDER BY ${pick(random, ['w1, ', 'o.amount, ', ''])}o.id${direction(random)}, o.user_id${limit(random)}`;
    return {
      sql: pick(random, [
        `SELECT ${selected} FROM orders o${named}${order}`,
        `SELECT * FROM (SELECT ${selected}, o.amount FROM orders o${named}) o WHERE w1 < ${whole(random, 5)}${order}`,
        `SELECT w1, COUNT(*) AS n FROM (SELECT ${selected} FROM users u JOIN orders o ON o.user_id = u.id${named}) o GROUP BY w1 ORDER BY w1${limit(random)}`,
      ]),
      ordered: true,
      folded: true,
    };
  },
  // Of derived tables, by what these calculate.
  (random) => {
    const x = pick(random, [...COLUMNS, ...EXPRESSIONS]);
    const made = `(SELECT ${x} AS x, u.id FROM users u ${condition(random)}) d`;
    return {
      sql: `SELECT d.x, d.id FROM ${made} ORDER BY d.x${direction(random)}, d.id${limit(random)}`,
      ordered: true,
    };
  },
  (random) => ({
    sql: `WITH d AS (SELECT user_id, COUNT(*) AS n, ${pick(random, ['MAX(total)', 'MIN(state)', 'AVG(amount)'])} AS x FROM orders GROUP BY user_id) SELECT x, n, user_id FROM d ORDER BY x${direction(random)}, n${direction(random)}, user_id${limit(random)}`,
    ordered: true,
    folded: true,
  }),
  // UNION: of one column with itself, since texts of different collations do not go together.
  (random) => {
    const column = pick(random, [...COLUMNS, ...EXPRESSIONS]);
    const all = pick(random, ['', '', 'ALL ']);
    return {
      sql: `SELECT ${column} AS x, u.id FROM users u ${condition(random)} UNION ${all}SELECT ${column}, u.flags FROM users u ORDER BY x${direction(random)}, 2${limit(random)}`,
      ordered: true,
      folded: true,
    };
  },
  (random) => {
    const [one, other] = [pick(random, NUMBERS), pick(random, [...NUMBERS, 'u.name', 'u.born', "'word'"])];
    return {
      sql: `SELECT ${one} FROM users u ${condition(random)} UNION SELECT ${other} FROM users u UNION DISTINCT SELECT size FROM countries`,
      ordered: false,
      folded: true,
    };
  },
  (random) => ({
    sql: `SELECT o.user_id, 'orders' AS what, COUNT(*) AS n FROM orders o GROUP BY o.user_id UNION SELECT u.id, 'user', u.flags FROM users u ${condition(random)} ORDER BY what${direction(random)}, 1, n${limit(random)}`,
    ordered: true,
  }),
];

const AGGREGATES: readonly ((random: Random) => string)[] = [
  () => 'COUNT(*)',
  (random) => `COUNT(${pick(random, COLUMNS)})`,
  (random) => `SUM(${pick(random, EXACT_NUMBERS)})`,
  (random) => `AVG(${pick(random, EXACT_NUMBERS)})`,
  (random) => `MIN(${pick(random, [...NUMBERS, ...OTHERS])})`,
  (random) => `MAX(${pick(random, [...NUMBERS, ...OTHERS])})`,
  (random) => `COUNT(DISTINCT ${pick(random, COLUMNS)})`,
  (random) => `COUNT(DISTINCT ${pick(random, COLUMNS)}, ${pick(random, NUMBERS)})`,
  (random) => `SUM(DISTINCT ${pick(random, EXACT_NUMBERS)})`,
  (random) => `AVG(DISTINCT ${pick(random, EXACT_NUMBERS)})`,
  (random) => `BIT_OR(${pick(random, ['u.flags', 'u.big', 'u.age'])})`,
  (random) => `BIT_AND(${pick(random, ['u.flags', 'u.big'])})`,
  (random) => `BIT_XOR(${pick(random, ['u.flags', 'u.id'])})`,
  () => 'SUM(u.flags / 8)',
  (random) => `COALESCE(SUM(${pick(random, EXACT_NUMBERS)}), ${pick(random, ['0', '0.5', '-1.12345678'])})`,
  (random) => `IFNULL(AVG(${pick(random, EXACT_NUMBERS)}), 0)`,
  () => 'IFNULL(MAX(u.age), 7)',
  () => 'AVG(u.age * 0.5e0)',
];

function aggregates(random: Random): readonly string[] {
  return Array.from(
    { length: 1 + whole(random, 3) },
    (_aggregate, index) => `${pick(random, AGGREGATES)(random)} AS a${index}`,
  );
}

const GROUPS: readonly ((random: Random) => GeneratedStatement)[] = [
  (random) => {
    // Without GROUP BY, constants in place of aggregates are refused beside distinct values.
    const all = aggregates(random);
    const distinct = all.filter((text) => text.includes('DISTINCT'));
    const list = distinct.length > 0 ? distinct : all;
    return { sql: `SELECT ${list.join(', ')} FROM users u ${condition(random)}`, ordered: true };
  },
  (random) => {
    const group = pick(random, [...COLUMNS, ...EXPRESSIONS]);
    return {
      sql: `SELECT ${group} AS g, ${aggregates(random).join(', ')} FROM users u ${condition(random)} GROUP BY ${group}`,
      ordered: false,
    };
  },
  (random) => {
    const group = pick(random, [...NUMBERS, ...OTHERS]);
    const having = pick(random, [
      '',
      'HAVING COUNT(*) > 1',
      'HAVING c BETWEEN 1 AND 3',
      'HAVING SUM(u.score) > 10.5 OR c = 2',
      'HAVING NOT (MAX(u.age) <= 3)',
    ]);
    return {
      sql: `SELECT ${group} AS g, COUNT(*) AS c FROM users u ${condition(random)} GROUP BY g ${having} ORDER BY g${direction(random)}${limit(random)}`,
      ordered: true,
    };
  },
  // Of what each slot can group or sort out for itself.
  (random) => {
    const inner = pick(random, [
      `SELECT DISTINCT o.user_id, o.${pick(random, ['amount', 'country', 'state'])} AS x FROM orders o`,
      `SELECT u.id AS x FROM users u LEFT JOIN orders o ON o.user_id = u.id GROUP BY u.id HAVING COUNT(o.id) > ${whole(random, 4)}`,
      `SELECT DISTINCT u.*, u.age AS x FROM orders o RIGHT JOIN users u ON o.user_id = u.id`,
      `SELECT u.id AS k, COUNT(o.id) AS x FROM users u LEFT JOIN orders o ON o.user_id = u.id ${condition(random)} GROUP BY k`,
    ]);
    return {
      sql: `SELECT COUNT(*) AS n, COUNT(DISTINCT d.x) AS c, MAX(d.x) AS m FROM (${inner}) d`,
      ordered: true,
      folded: true,
    };
  },
  (random) => ({
    sql: `SELECT u.flags, COUNT(DISTINCT u.age) AS c, SUM(u.score) AS s FROM users u GROUP BY u.flags ORDER BY s${direction(random)}, u.flags${limit(random)}`,
    ordered: true,
  }),
  (random) => ({
    sql: `SELECT o.user_id, SUM(o.total) / COUNT(*) AS mean, GROUP_CONCAT(o.id ORDER BY o.id) AS ids FROM orders o GROUP BY o.user_id HAVING mean > ${whole(random, 300)} ORDER BY mean${direction(random)}, o.user_id${limit(random)}`,
    ordered: true,
  }),
  (random) => ({
    sql: `SELECT c.title, COUNT(*) AS n, SUM(o.total) AS s, AVG(o.total) AS m FROM orders o JOIN countries c ON c.code = o.country GROUP BY c.title ORDER BY ${pick(random, ['n', 's', 'm', '1'])}${direction(random)}, c.title`,
    ordered: true,
  }),
];

/** Expressions around aggregates, which a server calculates from merged groups. */
const AROUND: readonly ((random: Random) => string)[] = [
  (random) => `ROUND(AVG(${pick(random, EXACT_NUMBERS)}), ${whole(random, 3)})`,
  (random) => `SUM(${pick(random, EXACT_NUMBERS)}) / COUNT(*)`,
  (random) =>
    `SUM(${pick(random, ['u.age', 'u.score', 'u.id'])}) DIV NULLIF(COUNT(${pick(random, COLUMNS)}), 0)`,
  (random) => `COALESCE(MAX(${pick(random, NUMBERS)}), 0) + 1`,
  (random) => `IFNULL(SUM(${pick(random, EXACT_NUMBERS)}), 0) * -1.5`,
  () => 'MAX(u.age) - MIN(u.age)',
  (random) => `COUNT(*) > ${whole(random, 9)}`,
  (random) => `IF(COUNT(*) > ${whole(random, 4)}, MIN(u.name), MAX(u.code))`,
  (random) => `CONCAT(TRIM(MIN(u.note)), ' to ', TRIM(MAX(u.note)), ${pick(random, ["''", 'COUNT(*)'])})`,
  () => 'LENGTH(TRIM(MAX(u.code))) + CHAR_LENGTH(TRIM(MIN(u.note)))',
  () => 'UPPER(MAX(LOWER(u.name)))',
  () => 'HEX(MAX(u.raw))',
  (random) =>
    `CASE WHEN MAX(u.joined) > '2002-06-01' THEN ${pick(random, ['MAX(u.joined)', 'NULL', "'late'"])} ELSE MIN(u.joined) END`,
  () => 'DATEDIFF(MAX(u.born), MIN(u.born))',
  () => 'DATE_ADD(MAX(u.joined), INTERVAL COUNT(*) DAY)',
  () => "DATE_FORMAT(MIN(u.born), '%d.%m.%Y')",
  () => 'TIME_TO_SEC(MAX(u.span)) + 0.5',
  () => 'MAX(u.year) + 1',
  () => 'MAX(u.big) DIV 2',
  // What each slot has is less than a server could take from it.
  () => 'CAST(COUNT(*) AS UNSIGNED) - LEAST(COUNT(*), 2)',
  () => 'MAX(u.ratio) * 2',
  () => 'CAST(SUM(u.score) AS SIGNED)',
  () => 'GREATEST(MAX(u.score), COUNT(*), 2.5)',
  () => 'COALESCE(MAX(u.name), MAX(u.note), 0)',
  () => 'COUNT(DISTINCT u.age) / COUNT(*)',
  () => 'ROUND(AVG(DISTINCT u.score), 1)',
  () => 'SUM(DISTINCT u.flags) + BIT_OR(u.flags)',
  () => "MAX(u.name) LIKE 'a%' OR SUM(u.age) IS NULL",
  () => '-SUM(u.fine)',
  () => "MIN(u.code) IN ('a', 'B', 'b')",
  () => 'MAX(u.flags) BETWEEN 2 AND COUNT(*)',
  () => 'FORMAT(SUM(u.score), 2)',
];

function around(random: Random): readonly string[] {
  return Array.from(
    { length: 1 + whole(random, 3) },
    (_aggregate, index) => `${pick(random, random() < 0.8 ? AROUND : AGGREGATES)(random)} AS e${index}`,
  );
}

const CALCULATED: readonly ((random: Random) => GeneratedStatement)[] = [
  (random) => ({
    sql: `SELECT ${pick(random, AROUND)(random)}, ${around(random).join(', ')} FROM users u ${condition(random)}`,
    ordered: true,
  }),
  (random) => ({
    // Values that are distinct are not counted together with HAVING alone.
    sql: `SELECT ${pick(random, AROUND)(random).replace('DISTINCT ', '')} AS e FROM users u ${condition(random)} HAVING ${pick(random, AROUND)(random).replace('DISTINCT ', '')}`,
    ordered: true,
  }),
  (random) => {
    const group = pick(random, [...COLUMNS, ...EXPRESSIONS]);
    return {
      sql: `SELECT ${group} AS g, ${around(random).join(', ')} FROM users u ${condition(random)} GROUP BY ${group}`,
      ordered: false,
    };
  },
  (random) => {
    const group = pick(random, [...NUMBERS, ...OTHERS]);
    const having = pick(random, [
      '',
      'HAVING SUM(u.score) / COUNT(*) > 1',
      'HAVING e > 0.5',
      "HAVING MAX(u.name) > 'b'",
      'HAVING COALESCE(MAX(u.age), 0) + 1 > 3 AND c < 4',
      'HAVING MIN(u.joined) IS NOT NULL',
    ]);
    const e = pick(random, [
      'SUM(u.score) / COUNT(*)',
      'COALESCE(SUM(u.age), 0) + 1',
      'MAX(u.age) - MIN(u.age)',
    ]);
    const by = pick(random, [
      'g',
      'e',
      'SUM(u.score) / COUNT(*)',
      'IFNULL(MAX(u.age), 0) + 1',
      'c',
      'MAX(u.age) - MIN(u.age)',
    ]);
    return {
      sql: `SELECT ${group} AS g, COUNT(*) AS c, ${e} AS e FROM users u ${condition(random)} GROUP BY g ${having} ORDER BY ${by}${direction(random)}, g${direction(random)}${limit(random)}`,
      ordered: true,
    };
  },
  (random) => ({
    sql: `SELECT c.title, ROUND(SUM(o.total) / COUNT(*), 2) AS mean, CONCAT(c.title, ': ', COUNT(*)) AS line FROM orders o JOIN countries c ON c.code = o.country GROUP BY c.title ORDER BY ${pick(random, ['mean', '2', 'SUM(o.amount) / COUNT(o.total)', 'SUM(o.total) - 1'])}${direction(random)}, c.title${limit(random)}`,
    ordered: true,
  }),
];

/** A SELECT. */
export function generateStatement(random: Random): GeneratedStatement {
  const kind = random();
  if (kind < 0.1) {
    return askingStatement(random);
  }
  if (kind < 0.2) {
    return gatheredStatement(random);
  }
  if (kind < 0.28) {
    return unitedStatement(random);
  }
  return kind < 0.4
    ? pick(random, ROWS)(random)
    : { ...pick(random, kind < 0.7 ? GROUPS : CALCULATED)(random), folded: true };
}
