/** The tables that the clients use: cut by key into the slots of a keyspace, made by way of a router, emptied for each run. */
import type { RowDataPacket } from 'mysql2/promise';
import { databaseOfSlot } from '../../../operator/src/core/keyspace/database-names.ts';
import { slotOf } from '../../../operator/src/core/keyspace/keyspace-layout.ts';
import { INITIAL_VALUE } from '../checkers/check-registers.ts';
import type { Session } from './session.ts';

const KEYSPACE = 'app';
/** More than one, so that statements without a key are put together from several. All are on the one shard. */
const SLOTS = 4;

/** The keyspace as a spec has it. */
export const KEYSPACE_SPEC = {
  name: KEYSPACE,
  slots: SLOTS,
  tables: [
    { name: 'chaos_appends', key: 'id' },
    { name: 'chaos_registers', key: 'k' },
    { name: 'chaos_accounts', key: 'bank' },
    { name: 'chaos_transfers', key: 'bank' },
  ],
} as const;

/** Registers, by key from 0. */
export const REGISTERS = 6;

/** Accounts, by number from 0, all of one bank, so that a transfer stays in one slot. */
export const ACCOUNTS = 8;

/** The only bank. */
export const BANK = 1;

/** What every account holds at first. */
export const OPENING_BALANCE = 1000;

/** Every table, with the expressions that its rows' checksums are made of. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  chaos_appends: ['id'],
  chaos_registers: ['k', 'v'],
  chaos_accounts: ['bank', 'id', 'balance'],
  chaos_transfers: ['bank', 'id', 'payer', 'payee', 'amount'],
};

const DEFINITIONS = [
  'chaos_appends (id BIGINT PRIMARY KEY)',
  'chaos_registers (k INT PRIMARY KEY, v BIGINT NOT NULL)',
  'chaos_accounts (bank INT NOT NULL, id INT NOT NULL, balance BIGINT NOT NULL, PRIMARY KEY (bank, id))',
  'chaos_transfers (bank INT NOT NULL, id BIGINT NOT NULL, payer INT NOT NULL, payee INT NOT NULL, amount BIGINT NOT NULL, PRIMARY KEY (bank, id))',
];

/** By what names statements reach the rows. */
export interface Databases {
  /** Where the row with this key is. */
  of(key: number): string;
  /** Each that has a part of every table. */
  readonly all: readonly string[];
}

/** As the servers have them: one database for each slot. */
export const SLOT_DATABASES: Databases = {
  of: (key) =>
    databaseOfSlot(
      KEYSPACE,
      slotOf({ strategy: 'ConsistentHash', slots: SLOTS }, { kind: 'number', text: String(key) }),
    ),
  all: Array.from({ length: SLOTS }, (_, slot) => databaseOfSlot(KEYSPACE, slot)),
};

/** As routers show them: one database for all. */
export const ROUTED_DATABASES: Databases = { of: () => KEYSPACE, all: [KEYSPACE] };

/** Makes the tables that are not there, as an application does. */
export async function makeTables(router: Session): Promise<void> {
  await router.query(`USE ${KEYSPACE}`);
  for (const definition of DEFINITIONS) {
    await router.query(`CREATE TABLE IF NOT EXISTS ${definition} ENGINE=InnoDB`);
  }
}

/** Empties all tables; registers and accounts are as they are at first. */
export async function resetTables(primary: Session): Promise<void> {
  for (const name of Object.keys(TABLES)) {
    for (const database of SLOT_DATABASES.all) {
      await primary.query(`DELETE FROM ${database}.${name}`);
    }
  }
  for (let key = 0; key < REGISTERS; key += 1) {
    const table = `${SLOT_DATABASES.of(key)}.chaos_registers`;
    await primary.query(`INSERT INTO ${table} VALUES (${key}, ${INITIAL_VALUE})`);
  }
  const accounts = Array.from({ length: ACCOUNTS }, (_, id) => `(${BANK}, ${id}, ${OPENING_BALANCE})`);
  await primary.query(`INSERT INTO ${SLOT_DATABASES.of(BANK)}.chaos_accounts VALUES ${accounts.join(', ')}`);
}

/** Rows of all slots, for a query to a server: what `columns` are in each slot's `source`, a table with or without a condition. */
export function allRows(source: string, columns: string): string {
  return SLOT_DATABASES.all
    .map((database) => `SELECT ${columns} FROM ${database}.${source}`)
    .join(' UNION ALL ');
}

/** Number, exclusive or and sum of the checksums of a table's rows: equal copies give equal text. */
export async function checksumTables(session: Session): Promise<string> {
  const parts: string[] = [];
  for (const [name, columns] of Object.entries(TABLES)) {
    parts.push(`${name} ${await checksumTable(session, name, columns)}`);
  }
  return parts.join(', ');
}

const NO_SUCH_TABLE = 1146;
const NO_SUCH_SCHEMA = 1049;

async function checksumTable(session: Session, name: string, columns: readonly string[]): Promise<string> {
  const checksum = `CRC32(CONCAT_WS('#', ${columns.join(', ')})) AS checksum`;
  try {
    const rows = await session.query<RowDataPacket[]>(
      `SELECT COUNT(*) AS c, COALESCE(BIT_XOR(checksum), 0) AS x, COALESCE(SUM(checksum), 0) AS s
       FROM (${allRows(name, checksum)}) AS every_row`,
    );
    return `${rows[0]?.['c']}/${rows[0]?.['x']}/${rows[0]?.['s']}`;
  } catch (error) {
    // Before the first run there is none.
    const { errno } = error as { errno?: unknown };
    if (errno === NO_SUCH_TABLE || errno === NO_SUCH_SCHEMA) {
      return 'missing';
    }
    throw error;
  }
}
