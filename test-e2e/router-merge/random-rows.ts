/** Tables for random statements, and their random rows. */
import { pick, type Random, whole } from './random-choice.ts';

/** Definitions of the tables, as a client sends them. */
export const DEFINITIONS: readonly string[] = [
  `CREATE TABLE users (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci,
    code VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, title VARCHAR(40), score DECIMAL(10,3), age INT, flags TINYINT UNSIGNED NOT NULL,
    joined DATETIME(3), born DATE, span TIME, moment TIMESTAMP NULL, kind ENUM('zeta','alpha','mid'), ratio DOUBLE, small FLOAT, big BIGINT UNSIGNED,
    raw VARBINARY(6), note TEXT CHARACTER SET latin1 COLLATE latin1_swedish_ci, bits BIT(5), fine DECIMAL(12,5), year YEAR)`,
  `CREATE TABLE orders (id BIGINT NOT NULL, user_id BIGINT NOT NULL, total DECIMAL(12,2), amount INT NOT NULL, country CHAR(2), state VARCHAR(12),
    PRIMARY KEY (id, user_id))`,
  'CREATE TABLE countries (code CHAR(2) NOT NULL PRIMARY KEY, title VARCHAR(40), size INT)',
];

const COUNTRIES = ['CH', 'DE', 'FR', 'it', 'PT'];

const WORDS = [
  'a',
  'A',
  'b',
  'B',
  'ab',
  'Ab',
  'a ',
  'é',
  'E',
  'z',
  'Zoo',
  'a-b',
  'a_b',
  '',
  ' ',
  'ß',
  'ss',
  'ä',
  '10',
  '9',
  'a!',
  '\\t',
  'a\\t',
  'ab\\tc',
];

function quoted(random: Random): string {
  return random() < 0.1 ? 'NULL' : `'${pick(random, WORDS)}'`;
}

function nullable(random: Random, text: string): string {
  return random() < 0.1 ? 'NULL' : text;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function userRow(random: Random, id: number): string {
  const date = `20${twoDigits(whole(random, 5))}-${twoDigits(1 + whole(random, 12))}-${twoDigits(1 + whole(random, 28))}`;
  const sign = random() < 0.5 ? '-' : '';
  return `(${[
    id,
    quoted(random),
    quoted(random),
    quoted(random),
    nullable(random, `${sign}${whole(random, 30)}.${whole(random, 1000)}`),
    nullable(random, `${sign}${whole(random, 20)}`),
    whole(random, 8),
    nullable(random, `'${date} 0${whole(random, 9)}:00:00.${whole(random, 3)}'`),
    nullable(random, `'${date}'`),
    nullable(random, `'${sign}${whole(random, 200)}:${twoDigits(whole(random, 60))}:00'`),
    nullable(random, `'${date} 12:00:0${whole(random, 9)}'`),
    nullable(random, pick(random, ["'zeta'", "'alpha'", "'mid'"])),
    nullable(random, `${sign}${whole(random, 4000) / 8}e${whole(random, 12) - 4}`),
    nullable(random, `${sign}${whole(random, 100) / 8}`),
    nullable(
      random,
      pick(random, ['18446744073709551615', '9223372036854775808', String(whole(random, 1000))]),
    ),
    nullable(random, `x'${whole(random, 256).toString(16).padStart(2, '0')}00'`),
    nullable(random, `'${pick(random, ['a', 'B', 'b', 'C ', 'c', 'Z'])}'`),
    nullable(random, `b'${whole(random, 32).toString(2)}'`),
    nullable(random, `${sign}${whole(random, 9)}.${whole(random, 100_000)}`),
    nullable(random, String(1990 + whole(random, 30))),
  ].join(', ')})`;
}

function lines(count: number, row: (index: number) => string): string {
  return Array.from({ length: count }, (_row, index) => row(index)).join(', ');
}

/** INSERTs of the rows. */
export function generateRows(random: Random, users: number, orders: number): readonly string[] {
  return [
    `INSERT INTO countries VALUES ${COUNTRIES.map((code, size) => `('${code}', 'land ${code}', ${size})`).join(', ')}`,
    `INSERT INTO users VALUES ${lines(users, (index) => userRow(random, index + 1))}`,
    `INSERT INTO orders VALUES ${lines(orders, (index) => {
      const total = nullable(random, `${whole(random, 500)}.${whole(random, 100)}`);
      const country = nullable(random, `'${pick(random, COUNTRIES)}'`);
      return `(${index + 1}, ${1 + whole(random, users + 3)}, ${total}, ${whole(random, 9)}, ${country}, ${quoted(random)})`;
    })}`,
  ];
}
