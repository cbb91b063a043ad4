/** What the clients do. */
import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Session } from './session.ts';
import { firstNumber } from './session.ts';
import { ACCOUNTS, REGISTERS, SCHEMA } from './tables.ts';
import type { Attempt, Workload } from './worker.ts';

/** Numbers that one client may use for its ids and values: those of others never meet them. */
const RANGE = 10_000_000;

/** What a workload needs to be itself. */
export interface WorkloadIdentity {
  readonly process: string;
  /** From 1; different for each client of a run. */
  readonly number: number;
  readonly pauseMilliseconds: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Inserts one row after the other, with rising ids. */
export function appending({ process, number, pauseMilliseconds }: WorkloadIdentity): Workload {
  let id = number * RANGE;
  return {
    process,
    pauseMilliseconds,
    next() {
      id += 1;
      const unanswered = { kind: 'append', id } as const;
      return {
        unanswered,
        async perform(session) {
          await session.query(`INSERT INTO ${SCHEMA}.chaos_appends VALUES (?)`, [unanswered.id]);
          return unanswered;
        },
      };
    },
  };
}

/** Reads, sets and compares-and-sets registers. */
export function usingRegisters(identity: WorkloadIdentity): Workload {
  const { process, number, pauseMilliseconds, random } = identity;
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
        return reading(key, (value) => known.set(key, value));
      }
      last += 1;
      return choice < 0.85 ? swapping(key, expected, last) : writing(key, last);
    },
  };
}

/** Only reads registers, as fast as its pace allows. */
export function readingRegisters({ process, pauseMilliseconds, random }: WorkloadIdentity): Workload {
  return {
    process,
    pauseMilliseconds,
    next: () => reading(Math.floor(random() * REGISTERS), () => undefined),
  };
}

/** Moves money, and looks at all accounts every now and then. */
export function banking({ process, number, pauseMilliseconds, random }: WorkloadIdentity): Workload {
  let id = number * RANGE;
  return {
    process,
    pauseMilliseconds,
    next() {
      if (random() < 0.4) {
        return lookingAtAccounts;
      }
      id += 1;
      const from = Math.floor(random() * ACCOUNTS);
      const to = (from + 1 + Math.floor(random() * (ACCOUNTS - 1))) % ACCOUNTS;
      return transferring(id, from, to, 1 + Math.floor(random() * 9));
    },
  };
}

/** Reads the highest id that another client appended. */
export function readingLatest(
  identity: WorkloadIdentity,
  writer: Omit<WorkloadIdentity, 'random'>,
): Workload {
  const first = writer.number * RANGE;
  const unanswered = { kind: 'readLatest', writer: writer.process, id: null } as const;
  return {
    process: identity.process,
    pauseMilliseconds: identity.pauseMilliseconds,
    next: () => ({
      unanswered,
      async perform(session) {
        const sql = `SELECT MAX(id) AS id, @@global.read_only AS closed FROM ${SCHEMA}.chaos_appends WHERE id BETWEEN ? AND ?`;
        const rows = await session.query<RowDataPacket[]>(sql, [first, first + RANGE - 1]);
        return { ...unanswered, id: firstNumber(rows) ?? 0, writable: Number(rows[0]?.['closed']) === 0 };
      },
    }),
  };
}

function reading(key: number, onValue: (value: number) => void): Attempt {
  const unanswered = { kind: 'read', key, value: null } as const;
  return {
    unanswered,
    async perform(session) {
      const sql = `SELECT v, @@global.read_only AS closed FROM ${SCHEMA}.chaos_registers WHERE k = ?`;
      const rows = await session.query<RowDataPacket[]>(sql, [key]);
      const value = firstNumber(rows) ?? Number.NaN;
      onValue(value);
      return { ...unanswered, value, writable: Number(rows[0]?.['closed']) === 0 };
    },
  };
}

function writing(key: number, value: number): Attempt {
  const unanswered = { kind: 'write', key, value } as const;
  return {
    unanswered,
    async perform(session) {
      await session.query(`UPDATE ${SCHEMA}.chaos_registers SET v = ? WHERE k = ?`, [value, key]);
      return unanswered;
    },
  };
}

function swapping(key: number, expected: number, value: number): Attempt {
  const unanswered = { kind: 'compareAndSet', key, expected, value, applied: null } as const;
  return {
    unanswered,
    async perform(session) {
      const sql = `UPDATE ${SCHEMA}.chaos_registers SET v = ? WHERE k = ? AND v = ?`;
      const { affectedRows } = await session.query<ResultSetHeader>(sql, [value, key, expected]);
      return { ...unanswered, applied: affectedRows === 1 };
    },
  };
}

const lookingAtAccounts: Attempt = {
  unanswered: { kind: 'readBalances', balances: null },
  async perform(session) {
    const sql = `SELECT balance FROM ${SCHEMA}.chaos_accounts ORDER BY id`;
    const rows = await session.query<RowDataPacket[]>(sql);
    return { kind: 'readBalances', balances: rows.map((row) => Number(row['balance'])) };
  },
};

function transferring(id: number, from: number, to: number, amount: number): Attempt {
  const unanswered = { kind: 'transfer', id, from, to, amount } as const;
  let committing = false;
  return {
    unanswered,
    hadNoEffect: () => !committing,
    async perform(session) {
      await session.query('START TRANSACTION');
      try {
        await move(session, unanswered);
      } catch (error) {
        // Before COMMIT a lost connection rolls back as well.
        await session.query('ROLLBACK').catch(() => session.close());
        throw error;
      }
      committing = true;
      await session.query('COMMIT');
      return unanswered;
    },
  };
}

/** In the order of the accounts' numbers, so that two transfers do not wait for each other. */
async function move(
  session: Session,
  { id, from, to, amount }: { id: number; from: number; to: number; amount: number },
): Promise<void> {
  const changes = [
    { account: from, difference: -amount },
    { account: to, difference: amount },
  ];
  for (const { account, difference } of changes.toSorted((a, b) => a.account - b.account)) {
    const sql = `UPDATE ${SCHEMA}.chaos_accounts SET balance = balance + ? WHERE id = ?`;
    await session.query(sql, [difference, account]);
  }
  await session.query(`INSERT INTO ${SCHEMA}.chaos_transfers VALUES (?, ?, ?, ?)`, [id, from, to, amount]);
}
