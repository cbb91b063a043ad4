/** The tables that the clients use, made anew for each run. */
import type { RowDataPacket } from 'mysql2/promise';
import { INITIAL_VALUE } from '../checkers/check-registers.ts';
import type { Session } from './session.ts';

/** The schema of applications. */
export const SCHEMA = 'app';

/** Registers, by key from 0. */
export const REGISTERS = 6;

/** Accounts, by number from 0. */
export const ACCOUNTS = 8;

/** What every account holds at first. */
export const OPENING_BALANCE = 1000;

/** Every table, with the expressions that its rows' checksums are made of. */
export const TABLES: Readonly<Record<string, readonly string[]>> = {
  chaos_appends: ['id'],
  chaos_registers: ['k', 'v'],
  chaos_accounts: ['id', 'balance'],
  chaos_transfers: ['id', 'payer', 'payee', 'amount'],
};

const DEFINITIONS = [
  'chaos_appends (id BIGINT PRIMARY KEY)',
  'chaos_registers (k INT PRIMARY KEY, v BIGINT NOT NULL)',
  'chaos_accounts (id INT PRIMARY KEY, balance BIGINT NOT NULL)',
  'chaos_transfers (id BIGINT PRIMARY KEY, payer INT NOT NULL, payee INT NOT NULL, amount BIGINT NOT NULL)',
];

/** Makes the tables, with registers and accounts as they are at first. */
export async function makeTables(primary: Session): Promise<void> {
  await primary.query(`CREATE DATABASE IF NOT EXISTS ${SCHEMA}`);
  for (const name of Object.keys(TABLES)) {
    await primary.query(`DROP TABLE IF EXISTS ${SCHEMA}.${name}`);
  }
  for (const definition of DEFINITIONS) {
    await primary.query(`CREATE TABLE ${SCHEMA}.${definition} ENGINE=InnoDB`);
  }
  await primary.query(
    `INSERT INTO ${SCHEMA}.chaos_registers VALUES ${numberedRows(REGISTERS, INITIAL_VALUE)}`,
  );
  await primary.query(
    `INSERT INTO ${SCHEMA}.chaos_accounts VALUES ${numberedRows(ACCOUNTS, OPENING_BALANCE)}`,
  );
}

function numberedRows(count: number, value: number): string {
  return Array.from({ length: count }, (_, index) => `(${index}, ${value})`).join(', ');
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
  const checksum = `CRC32(CONCAT_WS('#', ${columns.join(', ')}))`;
  try {
    const rows = await session.query<RowDataPacket[]>(
      `SELECT COUNT(*) AS c, COALESCE(BIT_XOR(${checksum}), 0) AS x, COALESCE(SUM(${checksum}), 0) AS s
       FROM ${SCHEMA}.${name}`,
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
