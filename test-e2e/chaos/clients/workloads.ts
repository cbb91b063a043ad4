/** What the clients do. */
import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Session } from './session.ts';
import { firstNumber } from './session.ts';
import { allRows, ACCOUNTS, BANK, type Databases, REGISTERS } from './tables.ts';
import { changesOf, type Transfer, transferring } from './transfer.ts';
import type { Attempt, Workload } from './worker.ts';

/** Numbers that one client may use for its ids and values: those of others never meet them. */
export const RANGE = 10_000_000;

/** What a workload needs to be itself. */
export interface WorkloadIdentity {
  readonly process: string;
  /** From 1; different for each client of a run. */
  readonly number: number;
  readonly pauseMilliseconds: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** By what names it reaches the rows. */
  readonly databases: Databases;
}

/** Inserts one row after the other, with rising ids. */
export function appending(identity: WorkloadIdentity): Workload {
  let id = identity.number * RANGE;
  return {
    process: identity.process,
    pauseMilliseconds: identity.pauseMilliseconds,
    next() {
      id += 1;
      return appendingId(identity, id);
    },
  };
}

/** Inserts the row with that id. */
export function appendingId({ databases }: Pick<WorkloadIdentity, 'databases'>, id: number): Attempt {
  const unanswered = { kind: 'append', id } as const;
  return {
    unanswered,
    async perform(session) {
      await session.query(`INSERT INTO ${databases.of(id)}.chaos_appends (id) VALUES (?)`, [id]);
      return unanswered;
    },
  };
}

/** Reads, sets and compares-and-sets registers. */
export function usingRegisters(identity: WorkloadIdentity): Workload {
  const { process, number, pauseMilliseconds, random, databases } = identity;
  const known = new Map<number, number>();
  let last = number * RANGE;
  return {
    process,
    pauseMilliseconds,
    next() {
      const key = Math.floor(random() * REGISTERS);
      const choice = random();
      const expected = known.get(key);
      if (choice < 0.4 || expected === undefined) {
        return reading(databases, key, (value) => known.set(key, value));
      }
      last += 1;
      return choice < 0.85 ? swapping(databases, key, expected, last) : writing(databases, key, last);
    },
  };
}

/** Only reads registers, as fast as its pace allows. */
export function readingRegisters({
  process,
  pauseMilliseconds,
  random,
  databases,
}: WorkloadIdentity): Workload {
  return {
    process,
    pauseMilliseconds,
    next: () => reading(databases, Math.floor(random() * REGISTERS), () => undefined),
  };
}

/** Moves money, and looks at all accounts every now and then. */
export function banking({
  process,
  number,
  pauseMilliseconds,
  random,
  databases,
}: WorkloadIdentity): Workload {
  let id = number * RANGE;
  return {
    process,
    pauseMilliseconds,
    next() {
      if (random() < 0.4) {
        return lookingAtAccounts(databases);
      }
      id += 1;
      const from = Math.floor(random() * ACCOUNTS);
      const to = (from + 1 + Math.floor(random() * (ACCOUNTS - 1))) % ACCOUNTS;
      const transfer = { id, from, to, amount: 1 + Math.floor(random() * 9) };
      return transferring(transfer, (session) => move(session, databases, transfer));
    },
  };
}

/** Reads the highest id that another client appended, straight at a server. */
export function readingLatest(
  identity: WorkloadIdentity,
  writer: Pick<WorkloadIdentity, 'process' | 'number'>,
): Workload {
  const first = writer.number * RANGE;
  const unanswered = { kind: 'readLatest', writer: writer.process, id: null } as const;
  return {
    process: identity.process,
    pauseMilliseconds: identity.pauseMilliseconds,
    next: () => ({
      unanswered,
      async perform(session) {
        const own = `chaos_appends WHERE id BETWEEN ${first} AND ${first + RANGE - 1}`;
        // The greatest of each slot is found in its index. A SELECT that groups a derived table has 0 for every @@variable
        // (seen on MariaDB 11.8.6): the variable stands outside of it.
        const greatest = `SELECT MAX(id) AS id FROM (${allRows(own, 'MAX(id) AS id')}) AS of_slots`;
        const sql = `SELECT latest.id, @@global.read_only AS closed FROM (${greatest}) AS latest`;
        const rows = await session.query<RowDataPacket[]>(sql);
        return { ...unanswered, id: firstNumber(rows) ?? 0, writable: Number(rows[0]?.['closed']) === 0 };
      },
    }),
  };
}

function reading(databases: Databases, key: number, onValue: (value: number) => void): Attempt {
  const unanswered = { kind: 'read', key, value: null } as const;
  return {
    unanswered,
    async perform(session) {
      const sql = `SELECT v, @@global.read_only AS closed FROM ${databases.of(key)}.chaos_registers WHERE k = ?`;
      const rows = await session.query<RowDataPacket[]>(sql, [key]);
      const value = firstNumber(rows) ?? Number.NaN;
      onValue(value);
      return { ...unanswered, value, writable: Number(rows[0]?.['closed']) === 0 };
    },
  };
}

function writing(databases: Databases, key: number, value: number): Attempt {
  const unanswered = { kind: 'write', key, value } as const;
  return {
    unanswered,
    async perform(session) {
      await session.query(`UPDATE ${databases.of(key)}.chaos_registers SET v = ? WHERE k = ?`, [value, key]);
      return unanswered;
    },
  };
}

function swapping(databases: Databases, key: number, expected: number, value: number): Attempt {
  const unanswered = { kind: 'compareAndSet', key, expected, value, applied: null } as const;
  return {
    unanswered,
    async perform(session) {
      const sql = `UPDATE ${databases.of(key)}.chaos_registers SET v = ? WHERE k = ? AND v = ?`;
      const { affectedRows } = await session.query<ResultSetHeader>(sql, [value, key, expected]);
      return { ...unanswered, applied: affectedRows === 1 };
    },
  };
}

function lookingAtAccounts(databases: Databases): Attempt {
  return {
    unanswered: { kind: 'readBalances', balances: null },
    async perform(session) {
      const sql = `SELECT balance FROM ${databases.of(BANK)}.chaos_accounts WHERE bank = ? ORDER BY id`;
      const rows = await session.query<RowDataPacket[]>(sql, [BANK]);
      return { kind: 'readBalances', balances: rows.map((row) => Number(row['balance'])) };
    },
  };
}

async function move(session: Session, databases: Databases, transfer: Transfer): Promise<void> {
  const database = databases.of(BANK);
  for (const { account, difference } of changesOf(transfer)) {
    const sql = `UPDATE ${database}.chaos_accounts SET balance = balance + ? WHERE bank = ? AND id = ?`;
    await session.query(sql, [difference, BANK, account]);
  }
  const { id, from, to, amount } = transfer;
  const sql = `INSERT INTO ${database}.chaos_transfers (bank, id, payer, payee, amount) VALUES (?, ?, ?, ?, ?)`;
  await session.query(sql, [BANK, id, from, to, amount]);
}
