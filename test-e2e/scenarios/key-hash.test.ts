import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { CanonicalKey } from '../../operator/src/core/keyspace/key-literal.ts';
import {
  checkKeyRule,
  keySlotSql,
  type KeyspaceLayout,
  slotOf,
} from '../../operator/src/core/keyspace/keyspace-layout.ts';
import { readRanges } from '../../operator/src/core/keyspace/ranges.ts';
import { KEY_COLUMNS } from '../keyspace/key-columns.ts';
import { type KeyServer, startKeyServer } from '../keyspace/key-server.ts';
import {
  compareKeys,
  countKeys,
  identityOf,
  readEqualRows,
  readOrder,
  describeDisorder,
  describeStored,
  storeKeys,
  type StoredKeys,
} from '../keyspace/stored-keys.ts';
import { PACKAGED_MARIADB } from '../mariadb/root-file-system.ts';

/** Of each type of column; the more, the longer. */
const VALUES = Number(process.env['SHARDWRIGHT_KEYS'] ?? 700);
const SEED = 20_261_123;

/** What a session may have changed, and a slot must not depend on. */
const SESSIONS = [
  "SET sql_mode = DEFAULT, collation_connection = 'utf8mb4_general_ci'",
  "SET sql_mode = 'PAD_CHAR_TO_FULL_LENGTH,ANSI,NO_BACKSLASH_ESCAPES', collation_connection = 'latin1_bin'",
  "SET sql_mode = 'ORACLE', collation_connection = 'utf8mb4_turkish_ci'",
  "SET sql_mode = 'TRADITIONAL,NO_UNSIGNED_SUBTRACTION', collation_connection = 'utf16_general_ci'",
];

const HASHED: readonly KeyspaceLayout[] = (['ConsistentHash', 'Hash'] as const).flatMap((strategy) =>
  [7, 16_384].map((slots) => ({ strategy, slots })),
);

/** Cut at every tenth or so of the keys themselves, where the column can be cut. */
function rangesOf({ stored, rule }: StoredKeys): readonly KeyspaceLayout[] {
  const isNumber = stored[0]?.key.kind === 'number';
  const probe = readRanges([{ slot: 0 }, { slot: 1, from: isNumber ? '0' : 'a' }]);
  if (checkKeyRule({ strategy: 'Range', ranges: probe }, rule) !== undefined) {
    return [];
  }
  const keys = [...new Map(stored.map(({ key }) => [identityOf(key), key])).values()]
    .filter((key) => isBound(textOf(key)))
    .toSorted(compareKeys);
  const bounds = keys.filter((_key, index) => index > 0 && index % Math.ceil(keys.length / 10) === 0);
  const ranges = readRanges([
    { slot: 99 },
    ...bounds.map((key, index) => ({ slot: index, from: textOf(key) })),
  ]);
  return [{ strategy: 'Range', ranges }];
}

/** Neither control characters nor spaces at the end: bounds have none. */
function isBound(text: string): boolean {
  return !text.endsWith(' ') && Buffer.from(text).every((byte) => byte >= 0x20);
}

function textOf(key: CanonicalKey): string {
  return key.kind === 'number' ? key.text : Buffer.from(key.bytes).toString('utf8');
}

describe.each(PACKAGED_MARIADB)('keys and slots as MariaDB $version has them', (packaged) => {
  let keys: KeyServer | undefined;
  let connection: Connection;

  beforeAll(async () => {
    keys = await startKeyServer(packaged);
    await keys.server.query('CREATE DATABASE k');
    connection = await keys.server.connect('k');
  });

  afterAll(async () => {
    connection?.destroy();
    await keys?.dispose();
  });

  describe.each(KEY_COLUMNS)('of $name', (column) => {
    const table = `t_${column.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}`;
    let values: StoredKeys;

    beforeAll(async () => {
      values = await storeKeys(connection, column, table, VALUES, SEED);
    });

    // By what rules the server compares depends on whether it has an index for it; without one it compares with each row.
    it.each([
      ['with an index', 'USE INDEX (k)', 3],
      ['without', 'IGNORE INDEX (k)', 16],
    ])('has one key for a value and for what the server finds by it, %s', async (_name, index, step) => {
      const probes = values.stored.filter(({ id }) => id % step === 0);
      const found = await readEqualRows(
        connection,
        `${table} ${index}`,
        probes.map(({ literal }) => literal),
      );
      const wrong = probes.filter(({ key }, probe) =>
        found[probe]?.some((row) => identityOf(values.stored[row]?.key ?? key) !== identityOf(key)),
      );
      expect(wrong.map(describeStored)).toEqual([]);
    });

    it('has as many keys as the server sees values', async () => {
      const keys = new Set(values.stored.map(({ key }) => identityOf(key)));
      await expect(countKeys(connection, values)).resolves.toEqual({ different: keys.size, split: 0 });
    });

    it('has the same slot by SQL, whatever the session has set', async () => {
      const layouts = [...HASHED, ...rangesOf(values)];
      for (const session of SESSIONS) {
        await connection.query(session);
        const slots = layouts.map(
          (layout, index) => `${keySlotSql(layout, `${table}.k`, values.rule)} s${index}`,
        );
        const [rows] = await connection.query<RowDataPacket[]>(
          `SELECT id, ${slots.join()} FROM ${table} ORDER BY id`,
        );
        const wrong = values.stored.filter(({ id, key }) =>
          layouts.some((layout, index) => Number(rows[id]?.[`s${index}`]) !== slotOf(layout, key)),
        );
        expect(wrong.map(describeStored)).toEqual([]);
      }
      await connection.query("SET sql_mode = '', collation_connection = 'utf8mb4_general_ci'");
    });

    it('is in the order of the server where a keyspace can be cut by it', async () => {
      const { byColumn, byKey } = await readOrder(connection, values);
      const isCut = rangesOf(values).length > 0;
      expect(
        isCut ? [...describeDisorder(values, byColumn), ...describeDisorder(values, byKey)] : [],
      ).toEqual([]);
    });
  });
});
