/** Clients whose every answer is on record, by way of the router and straight at the servers, and the judgement of it. */
import { checkAcknowledgedSet } from '../chaos/checkers/acknowledged-set.ts';
import { checkBankTotal, checkTransfersWhole } from '../chaos/checkers/bank.ts';
import { checkLinearizable, judgeRegisters } from '../chaos/checkers/check-registers.ts';
import { summarise, type Violation } from '../chaos/checkers/violation.ts';
import { findWriteGap } from '../chaos/checkers/write-gap.ts';
import { type AddressSource, fixedAddress } from '../chaos/clients/address-source.ts';
import { monotonicTime } from '../chaos/clients/monotonic-time.ts';
import { openSession, type Session, type SessionOptions } from '../chaos/clients/session.ts';
import { runWorker, type Workload } from '../chaos/clients/worker.ts';
import type { Operation } from '../chaos/history/operation.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { seededRandom } from '../sharded-cluster/random.ts';
import { KEYSPACE, SLOTS } from './cluster-objects.ts';
import { databaseOf } from './keyspace-keys.ts';
import { ACCOUNTS_OF_BANK, BANKS, OPENING_BALANCE } from './load-tables.ts';
import { appendingRows, bankingAt, type LoadIdentity, usingKeyedRegisters } from './load-workloads.ts';
import { type LoadTarget, ROUTER } from './load-target.ts';

const CONNECT_MILLISECONDS = 10_000;
/** Longer than a router holds a statement. */
const STATEMENT_MILLISECONDS = 30_000;
/** More than there are clients. */
const GENERATION = 100;
const PROGRESS = { timeoutMilliseconds: 60_000, everyMilliseconds: 20 };

export interface CheckedLoadOptions {
  readonly seed: number;
  /** Counts the loads on the same tables, whose rows must not meet; only the first can be judged. @default 0 */
  readonly generation?: number;
  /** Slots with clients that go straight to the server that has them, by names that no session's database tells. */
  readonly direct: readonly number[];
  /** Slots that get clients of their own through the router; others get fewer. */
  readonly busy: readonly number[];
}

/** A load that runs until it is stopped, from when it is made. */
export class CheckedLoad {
  readonly operations: Operation[] = [];
  readonly #target: LoadTarget;
  readonly #stopping = new AbortController();
  readonly #running: Promise<unknown>;

  constructor(target: LoadTarget, options: CheckedLoadOptions) {
    this.#target = target;
    const run = (workload: Workload, source: AddressSource): Promise<void> =>
      runWorker(
        workload,
        {
          via: 'shardMap',
          source,
          record: (operation) => this.operations.push(operation),
          connect: (host) => openSession(sessionOptions(target, host)),
        },
        this.#stopping.signal,
      );
    this.#running = Promise.all([
      ...routerWorkloads(options).map((workload) => run(workload, fixedAddress(ROUTER, ROUTER))),
      ...options.direct.flatMap((slot) =>
        directWorkloads(options, slot).map((workload) => run(workload, ownerSource(target, slot))),
      ),
    ]);
  }

  /** Ends the clients when what is under way is done. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Resolves when every client has had something acknowledged that it began after this call. */
  async untilAllAnswered(): Promise<void> {
    const since = monotonicTime();
    const processes = new Set(this.operations.map(({ process }) => process));
    await waitFor(
      'every client is answered',
      () => {
        const answered = new Set(
          this.operations
            .filter(({ start, outcome }) => start > since && outcome === 'ok')
            .map(({ process }) => process),
        );
        return processes.size > 0 && [...processes].every((process) => answered.has(process))
          ? true
          : undefined;
      },
      PROGRESS,
    );
  }

  /** What went wrong for clients of the router since a moment, in words; for single statements only, or transactions too. */
  routerFailures(since: number, options: { readonly withTransactions: boolean }): readonly string[] {
    return this.routerFailuresAmong(
      this.operations.filter(({ start }) => start >= since),
      options,
    );
  }

  /** The same of some of the operations. */
  routerFailuresAmong(
    operations: readonly Operation[],
    { withTransactions }: { readonly withTransactions: boolean },
  ): readonly string[] {
    return operations
      .filter(({ process, outcome }) => process.startsWith(ROUTER) && outcome !== 'ok')
      .filter(({ kind }) => withTransactions || kind !== 'transfer')
      .map(({ process, kind, outcome, error }) => `${process} ${kind}: ${outcome} ${error}`);
  }

  /** Longest time between two acknowledged rows of one client since a moment, in milliseconds; of a slot, or of all. */
  longestGap(since: number, slot?: number): number {
    const beginning = slot === undefined ? ROUTER : appenderOf(slot);
    const rows = this.operations.filter(({ process }) => process.startsWith(beginning));
    return findWriteGap(rows, 'shardMap', since)?.milliseconds ?? Number.POSITIVE_INFINITY;
  }

  /** Every broken promise, by the history and by what the servers hold. The load must have been stopped. */
  async judge(): Promise<readonly Violation[]> {
    const { operations } = this;
    const banks = [...BANKS].flatMap(([bank]) => {
      const own = operations.filter(({ process }) => process.endsWith(`-bank-${bank}`));
      return checkBankTotal(own, ACCOUNTS_OF_BANK * OPENING_BALANCE);
    });
    return [
      ...checkLinearizable(judgeRegisters(operations)),
      ...banks,
      ...(await this.#judgeRows()),
      ...(await this.#judgeBanks()),
    ];
  }

  async #judgeRows(): Promise<readonly Violation[]> {
    const present = new Set<number>();
    const doubled: number[] = [];
    for (let slot = 0; slot < SLOTS; slot += 1) {
      const sql = `SELECT id FROM ${databaseOf(slot)}.appends`;
      for (const [id] of await this.#target.query(this.#target.ownerOf(slot), sql)) {
        if (present.has(Number(id))) {
          doubled.push(Number(id));
        }
        present.add(Number(id));
      }
    }
    return [
      ...checkAcknowledgedSet(this.operations, 'append', 'the shards that have the slots', present),
      ...summarise('nothingUnwritten', 'rows are there twice', doubled),
    ];
  }

  async #judgeBanks(): Promise<readonly Violation[]> {
    const found: Violation[] = [];
    for (const [bank, slot] of BANKS) {
      const owner = this.#target.ownerOf(slot);
      const read = (columns: string, table: string) =>
        this.#target.query(
          owner,
          `SELECT ${columns} FROM ${databaseOf(slot)}.${table} WHERE bank = ${bank} ORDER BY id`,
        );
      const balances = (await read('balance', 'accounts')).map(([balance]) => Number(balance));
      const transfers = (await read('id, payer, payee, amount', 'transfers')).map(
        ([id, from, to, amount]) => ({
          id: Number(id),
          from: Number(from),
          to: Number(to),
          amount: Number(amount),
        }),
      );
      const own = this.operations.filter(({ process }) => process.endsWith(`-bank-${bank}`));
      found.push(
        ...checkTransfersWhole(`bank ${bank}`, OPENING_BALANCE, transfers, balances),
        ...checkAcknowledgedSet(own, 'transfer', `bank ${bank}`, new Set(transfers.map(({ id }) => id))),
      );
    }
    return found;
  }
}

/** Connects to the router as the application. */
export async function connectToRouter(target: LoadTarget): Promise<Session> {
  return openSession(sessionOptions(target, ROUTER));
}

function sessionOptions(target: LoadTarget, host: string): SessionOptions {
  return {
    ...target.reach(host),
    connectMilliseconds: CONNECT_MILLISECONDS,
    statementMilliseconds: STATEMENT_MILLISECONDS,
  };
}

/** The primary of the shard that has the slot, by the map. */
function ownerSource(target: LoadTarget, slot: number): AddressSource {
  return {
    current() {
      const pod = target.primaryPod(target.ownerOf(slot));
      return pod === undefined ? undefined : { host: pod, member: pod, outdated: undefined };
    },
  };
}

function appenderOf(slot: number): string {
  return `${ROUTER}-append-${slot}`;
}

function identityOf(
  seed: number,
  name: string,
  number: number,
  pauseMilliseconds: number,
  database: string,
): LoadIdentity {
  return { process: name, number, pauseMilliseconds, random: seededRandom(seed * 100 + number), database };
}

function routerWorkloads({ seed, busy, generation = 0 }: CheckedLoadOptions): readonly Workload[] {
  const identity = (name: string, number: number, pause: number): LoadIdentity =>
    identityOf(seed, `${ROUTER}-${name}`, generation * GENERATION + number, pause, KEYSPACE);
  const banks = [...BANKS].filter(([, slot]) => busy.includes(slot));
  return [
    appendingRows(identity('append-all', 1, 10), undefined),
    usingKeyedRegisters(identity('registers-1', 2, 20)),
    usingKeyedRegisters(identity('registers-2', 3, 20)),
    ...busy.map((slot, index) =>
      appendingRows({ ...identity('', 10 + index, 3), process: appenderOf(slot) }, slot),
    ),
    ...banks.map(([bank], index) => bankingAt(identity(`bank-${bank}`, 30 + index, 25), bank)),
  ];
}

function directWorkloads({ seed }: CheckedLoadOptions, slot: number): readonly Workload[] {
  const database = databaseOf(slot);
  const identity = (name: string, number: number, pause: number): LoadIdentity =>
    identityOf(seed, `direct-${name}-${slot}`, number, pause, database);
  const keys = [...BANKS].filter(([, own]) => own === slot).map(([bank]) => bank);
  return [
    appendingRows(identity('append', 50 + slot, 5), slot),
    usingKeyedRegisters(identity('registers', 70 + slot, 20), keys),
  ];
}
