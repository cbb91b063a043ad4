/** The tables of the load, made by way of the router as an application makes them. */
import { INITIAL_VALUE } from '../chaos/checkers/check-registers.ts';
import type { Session } from '../chaos/clients/session.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { KEYSPACE, SLOTS } from './cluster-objects.ts';
import { firstKeyOf } from './keyspace-keys.ts';

/** Accounts of each bank, by number from 0. There is one bank for each slot, whose number is a key of that slot. */
export const ACCOUNTS_OF_BANK = 6;
export const OPENING_BALANCE = 1000;

/** Rows that lie there and are not changed, so that there is something to copy. */
const DOCUMENTS = 4000;
const DOCUMENTS_AT_ONCE = 500;

const DEFINITIONS = [
  'appends (id BIGINT PRIMARY KEY)',
  'registers (k INT PRIMARY KEY, v BIGINT NOT NULL)',
  'accounts (bank INT NOT NULL, id INT NOT NULL, balance BIGINT NOT NULL, PRIMARY KEY (bank, id))',
  'transfers (bank INT NOT NULL, id BIGINT NOT NULL, payer INT NOT NULL, payee INT NOT NULL, amount BIGINT NOT NULL, PRIMARY KEY (bank, id))',
  `documents (
     id BIGINT PRIMARY KEY,
     title VARCHAR(80) CHARACTER SET latin1 COLLATE latin1_general_cs NOT NULL,
     body TEXT NOT NULL,
     price DECIMAL(12, 4) NOT NULL,
     ratio DOUBLE NOT NULL,
     flags BIT(9) NOT NULL,
     kind ENUM('a', 'b', 'ö') NOT NULL,
     made DATETIME(6) NOT NULL,
     length INT AS (CHAR_LENGTH(body)) STORED,
     KEY by_title (title)
   )`,
  'countries (code CHAR(2) PRIMARY KEY, name VARCHAR(40) NOT NULL)',
  'settings (name VARCHAR(40) PRIMARY KEY, value VARCHAR(40) NOT NULL)',
];

/** Slots by the number of their bank. */
export const BANKS: ReadonlyMap<number, number> = new Map(
  Array.from({ length: SLOTS }, (_, slot) => [firstKeyOf(slot), slot]),
);

/** Keys of the registers: one of each slot. */
export const REGISTER_KEYS: readonly number[] = [...BANKS.keys()];

/** Makes the tables and what they hold at first. */
export async function makeLoadTables(router: Session): Promise<void> {
  await router.query(`USE ${KEYSPACE}`);
  const [first = '', ...others] = DEFINITIONS;
  // Servers make the databases of slots some time after they have begun to serve.
  await waitFor(
    'the databases of the slots',
    () => router.query(`CREATE TABLE IF NOT EXISTS ${first} ENGINE=InnoDB`),
    {
      timeoutMilliseconds: 120_000,
    },
  );
  for (const definition of others) {
    await router.query(`CREATE TABLE ${definition} ENGINE=InnoDB`);
  }
  for (const bank of BANKS.keys()) {
    await router.query(`INSERT INTO registers VALUES (${bank}, ${INITIAL_VALUE})`);
    const accounts = Array.from(
      { length: ACCOUNTS_OF_BANK },
      (_, id) => `(${bank}, ${id}, ${OPENING_BALANCE})`,
    );
    await router.query(`INSERT INTO accounts VALUES ${accounts.join(', ')}`);
  }
  await router.query(
    "INSERT INTO countries VALUES ('DE', 'Deutschland'), ('FR', 'France'), ('TR', 'Türkiye')",
  );
  await router.query("INSERT INTO settings VALUES ('colour', 'green')");
  for (let first = 1; first <= DOCUMENTS; first += DOCUMENTS_AT_ONCE) {
    const rows = Array.from({ length: DOCUMENTS_AT_ONCE }, (_, index) => documentRow(first + index));
    await router.query(
      `INSERT INTO documents (id, title, body, price, ratio, flags, kind, made) VALUES ${rows.join(', ')}`,
    );
  }
}

function documentRow(id: number): string {
  const body = `${'Grüße, κόσμε 👋 '.repeat(id % 20)}${id}`;
  return `(${id}, 'Señor ${id % 97}', '${body}', ${(id / 7).toFixed(4)}, ${1 / id}, b'${(id % 512).toString(2)}', '${'abö'.charAt(id % 3)}', '2026-01-${String((id % 28) + 1).padStart(2, '0')} 10:00:00.${String(id).padStart(6, '0')}')`;
}
