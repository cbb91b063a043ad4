/** What the clients of the load do: the operations of the chaos runs, on tables that are cut by key. */
import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { firstNumber, type Session } from '../chaos/clients/session.ts';
import { changesOf, type Transfer, transferring } from '../chaos/clients/transfer.ts';
import type { Attempt, Workload } from '../chaos/clients/worker.ts';
import { keysOfSlot } from './keyspace-keys.ts';
import { ACCOUNTS_OF_BANK, REGISTER_KEYS } from './load-tables.ts';

/** Numbers that one client may use for its ids and values: those of others never meet them. */
const RANGE = 10_000_000;

/** What a workload needs to be itself. */
export interface LoadIdentity {
  readonly process: string;
  /** From 1; different for each client of a run. */
  readonly number: number;
  readonly pauseMilliseconds: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Where the tables are: the keyspace, or the database of a slot. */
  readonly database: string;
}

/** Inserts one row after the other, with rising ids: those of one slot, or all. */
export function appendingRows(
  { process, number, pauseMilliseconds, database }: LoadIdentity,
  slot: number | undefined,
): Workload {
  const ids = slot === undefined ? countFrom(number * RANGE) : keysOfSlot(slot, number * RANGE);
  return {
    process,
    pauseMilliseconds,
    next() {
      const unanswered = { kind: 'append', id: ids.next().value } as const;
      return {
        unanswered,
        async perform(session) {
          await session.query(`INSERT INTO ${database}.appends (id) VALUES (?)`, [unanswered.id]);
          return unanswered;
        },
      };
    },
  };
}

/** Reads, sets and compares-and-sets registers with those keys. */
export function usingKeyedRegisters(
  { process, number, pauseMilliseconds, random, database }: LoadIdentity,
  keys: readonly number[] = REGISTER_KEYS,
): Workload {
  const known = new Map<number, number>();
  let last = number * RANGE;
  return {
    process,
    pauseMilliseconds,
    next() {
      const key = keys[Math.floor(random() * keys.length)] ?? 0;
      const choice = random();
      const expected = known.get(key);
      if (choice < 0.4 || expected === undefined) {
        return reading(database, key, (value) => known.set(key, value));
      }
      last += 1;
      return choice < 0.85 ? swapping(database, key, expected, last) : writing(database, key, last);
    },
  };
}

/** Moves money between the accounts of one bank in transactions, and looks at all of them every now and then. */
export function bankingAt(
  { process, number, pauseMilliseconds, random, database }: LoadIdentity,
  bank: number,
): Workload {
  let id = number * RANGE;
  return {
    process,
    pauseMilliseconds,
    next() {
      if (random() < 0.4) {
        return lookingAtAccounts(database, bank);
      }
      id += 1;
      const from = Math.floor(random() * ACCOUNTS_OF_BANK);
      const to = (from + 1 + Math.floor(random() * (ACCOUNTS_OF_BANK - 1))) % ACCOUNTS_OF_BANK;
      const transfer = { id, from, to, amount: 1 + Math.floor(random() * 9) };
      return transferring(transfer, (session) => move(session, database, bank, transfer));
    },
  };
}

function* countFrom(first: number): Generator<number, never> {
  for (let number = first + 1; ; number += 1) {
    yield number;
  }
}

function reading(database: string, key: number, onValue: (value: number) => void): Attempt {
  const unanswered = { kind: 'read', key, value: null } as const;
  return {
    unanswered,
    async perform(session) {
      const rows = await session.query<RowDataPacket[]>(`SELECT v FROM ${database}.registers WHERE k = ?`, [
        key,
      ]);
      const value = firstNumber(rows) ?? Number.NaN;
      onValue(value);
      return { ...unanswered, value };
    },
  };
}

function writing(database: string, key: number, value: number): Attempt {
  const unanswered = { kind: 'write', key, value } as const;
  return {
    unanswered,
    async perform(session) {
      await session.query(`UPDATE ${database}.registers SET v = ? WHERE k = ?`, [value, key]);
      return unanswered;
    },
  };
}

function swapping(database: string, key: number, expected: number, value: number): Attempt {
  const unanswered = { kind: 'compareAndSet', key, expected, value, applied: null } as const;
  return {
    unanswered,
    async perform(session) {
      const sql = `UPDATE ${database}.registers SET v = ? WHERE k = ? AND v = ?`;
      const { affectedRows } = await session.query<ResultSetHeader>(sql, [value, key, expected]);
      return { ...unanswered, applied: affectedRows === 1 };
    },
  };
}

function lookingAtAccounts(database: string, bank: number): Attempt {
  return {
    unanswered: { kind: 'readBalances', balances: null },
    async perform(session) {
      const sql = `SELECT balance FROM ${database}.accounts WHERE bank = ? ORDER BY id`;
      const rows = await session.query<RowDataPacket[]>(sql, [bank]);
      return { kind: 'readBalances', balances: rows.map((row) => Number(row['balance'])) };
    },
  };
}

async function move(session: Session, database: string, bank: number, transfer: Transfer): Promise<void> {
  for (const { account, difference } of changesOf(transfer)) {
    const sql = `UPDATE ${database}.accounts SET balance = balance + ? WHERE bank = ? AND id = ?`;
    await session.query(sql, [difference, bank, account]);
  }
  const { id, from, to, amount } = transfer;
  await session.query(
    `INSERT INTO ${database}.transfers (bank, id, payer, payee, amount) VALUES (?, ?, ?, ?, ?)`,
    [bank, id, from, to, amount],
  );
}
