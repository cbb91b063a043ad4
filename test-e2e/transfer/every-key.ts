/** Databases whose rows can be divided by key: a table for each type of key, with columns of every other type around it. */
import { readRanges } from '../../operator/src/core/keyspace/ranges.ts';
import type { PartOfRows } from '../../operator/src/engines/slot-transfer.ts';
import type { Dice } from './random-writer.ts';

/** What lies around a key in a row: found it is only by who knows how long each value is. */
const COLUMNS_BEFORE = `id INT, t TINYINT, d DECIMAL(30, 10), f FLOAT, g DOUBLE, bits BIT(37), y YEAR, day DATE, time TIME(6),
  moment DATETIME(3), stamp TIMESTAMP(6) NULL, a VARCHAR(60) CHARACTER SET utf8mb4, long_fixed CHAR(200) CHARACTER SET utf8mb4,
  large LONGTEXT, packed VARCHAR(500) COMPRESSED, e ENUM('one', 'two'), s SET('a', 'b', 'c'), b BINARY(16), v VARBINARY(300),
  u UUID, i6 INET6, i4 INET4, p POINT, computed INT AS (t * 2) VIRTUAL, stored INT AS (t + 1) PERSISTENT`;

/** One kind of keys, and the boundary between its parts. */
export interface KeyKind {
  readonly database: string;
  readonly boundary: string;
  /** Types of key columns. */
  readonly types: readonly string[];
  /** A key as SQL, for a column of a type. */
  readonly key: (dice: Dice, type: string) => string;
}

const MOMENTS = [
  "'2026-06-15 12:00:00'",
  "'2026-06-15 11:59:59'",
  "'1999-01-01 00:00:00'",
  "'9999-12-31 23:59:59'",
];
const WORDS = [
  "''",
  "'2026'",
  "'2026-06-15 12:00:00.5'",
  "'2026-06-15 12:00:00.5 '",
  "'2026-06-15 12:00:00.49'",
  "'a b'",
  "'z'",
];

export const KEY_KINDS: readonly KeyKind[] = [
  {
    database: 'app_s0010',
    boundary: '40.5',
    types: [
      'TINYINT',
      'SMALLINT UNSIGNED',
      'MEDIUMINT',
      'INT ZEROFILL',
      'BIGINT',
      'BIGINT UNSIGNED',
      'DECIMAL(12, 3)',
      'DECIMAL(30, 0) UNSIGNED',
    ],
    key: (dice, type) => {
      const sign = /UNSIGNED|ZEROFILL/.test(type) || dice.roll(3) > 0 ? '' : '-';
      const fraction = type.startsWith('DECIMAL(12') ? `.${dice.roll(1000)}` : '';
      const large = type.startsWith('BIGINT') && dice.roll(4) === 0 ? '9223372036854775000 + ' : '';
      return `${large}${sign}${dice.roll(100)}${fraction}`;
    },
  },
  {
    database: 'app_s0011',
    boundary: '2026-06-15 12:00:00.5',
    types: [
      'VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
      'VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin',
      'CHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
      'CHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
      'VARCHAR(40) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin',
      'CHAR(40) CHARACTER SET ascii COLLATE ascii_bin',
      'VARCHAR(40) CHARACTER SET latin1 COLLATE latin1_bin',
      'DATE',
      'DATETIME',
      'DATETIME(1)',
      'DATETIME(4)',
      'DATETIME(6)',
    ],
    key: (dice, type) => {
      if (type.startsWith('DATE')) {
        return `${MOMENTS[dice.roll(MOMENTS.length)]} + INTERVAL ${dice.roll(20) - 10} * 100000 MICROSECOND`;
      }
      const isUnicode = type.includes('utf8') && dice.roll(4) === 0;
      return isUnicode ? "_utf8mb4 'Ä漢'" : (WORDS[dice.roll(WORDS.length)] ?? "''");
    },
  },
];

/** Statements that make the tables of a kind, in the database that is current: `k0`, `k1` …, and a family with foreign keys. */
export function keyDefinitions({ types }: KeyKind): readonly string[] {
  const [first] = types;
  return [
    ...types.map(
      (type, index) =>
        `CREATE TABLE k${index} (${COLUMNS_BEFORE}, k ${type}${index === 1 ? '' : ' NOT NULL'}, after VARCHAR(10), PRIMARY KEY (id), KEY (k))`,
    ),
    `CREATE TABLE parents (id INT, k ${first} NOT NULL, name VARCHAR(20), PRIMARY KEY (k, id))`,
    `CREATE TABLE children (id INT, k ${first} NOT NULL, parent INT, PRIMARY KEY (k, id), FOREIGN KEY (k, parent) REFERENCES parents (k, id) ON DELETE CASCADE)`,
  ];
}

/** A part of the rows of a kind. */
export function partOfKind({ boundary }: KeyKind, side: PartOfRows['side']): PartOfRows {
  return {
    layout: { strategy: 'Range', ranges: readRanges([{ slot: 20 }, { slot: 21, from: boundary }]) },
    slot: 21,
    side,
    keyOf: () => 'K',
  };
}

/** A statement that changes rows that are there, or removes some: it brings no key. */
export function someLaterChange(dice: Dice, { types }: KeyKind): string {
  const table = `k${dice.roll(types.length)}`;
  const id = dice.roll(200);
  const changes = [
    `UPDATE ${table} SET t = ${dice.roll(50)}, a = 'later', large = NULL WHERE id BETWEEN ${id} AND ${id + 20}`,
    `DELETE FROM ${table} WHERE id BETWEEN ${id} AND ${id + 3}`,
    `UPDATE parents SET name = 'later' WHERE id = ${dice.roll(9)}`,
    `DELETE FROM parents WHERE id = ${dice.roll(9)}`,
  ];
  return changes[dice.roll(changes.length)] ?? '';
}

/** A statement that changes rows, and keeps their keys. */
export function someKeyedChange(dice: Dice, { types, key }: KeyKind): string {
  const index = dice.roll(types.length);
  const type = types[index] ?? '';
  const id = dice.roll(200);
  const maybe = (value: string): string => (dice.roll(4) === 0 ? 'NULL' : value);
  const row = (): string =>
    [
      dice.roll(200),
      maybe(String(dice.roll(60))),
      maybe(`-${dice.roll(1000)}.0123456789`),
      maybe('1.5'),
      maybe('PI()'),
      maybe(String(dice.roll(2 ** 30))),
      maybe('2026'),
      maybe("'2026-02-28'"),
      maybe("'-12:59:58.123456'"),
      maybe('NOW(3)'),
      maybe('NOW(6)'),
      maybe("'Ä€漢'"),
      maybe(`REPEAT('漢', ${dice.roll(200)})`),
      maybe(`REPEAT('x', ${dice.roll(3000)})`),
      maybe(`REPEAT('z', ${dice.roll(400)})`),
      maybe('1'),
      maybe(String(dice.roll(8))),
      maybe('RANDOM_BYTES(16)'),
      maybe('RANDOM_BYTES(300)'),
      maybe('UUID()'),
      maybe("'2001:db8::1'"),
      maybe("'10.0.0.1'"),
      maybe('POINT(1, 2)'),
      'DEFAULT',
      'DEFAULT',
      index === 1 ? maybe(key(dice, type)) : key(dice, type),
      maybe("'end'"),
    ].join(', ');
  const changes: readonly (() => string)[] = [
    () => `INSERT IGNORE INTO k${index} VALUES (${row()}), (${row()}), (${row()})`,
    () => `INSERT IGNORE INTO k${index} VALUES (${row()})`,
    () =>
      `UPDATE k${index} SET t = ${dice.roll(50)}, a = 'changed', large = NULL WHERE id BETWEEN ${id} AND ${id + 20}`,
    () => `DELETE FROM k${index} WHERE id BETWEEN ${id} AND ${id + 5}`,
    () => `INSERT IGNORE INTO parents VALUES (${dice.roll(9)}, ${key(dice, types[0] ?? '')}, 'p')`,
    () => `INSERT IGNORE INTO children SELECT ${id}, k, id FROM parents WHERE id = ${dice.roll(9)}`,
    () => `DELETE FROM parents WHERE id = ${dice.roll(9)}`,
  ];
  return (changes[dice.roll(changes.length)] as () => string)();
}
