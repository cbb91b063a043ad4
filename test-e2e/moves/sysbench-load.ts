/** sysbench through a router beside everything else: its updates are counted by itself, and by the table. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RowDataPacket } from 'mysql2/promise';
import { type Endpoint, ROWS, Sysbench, SYSBENCH_PACKAGES } from '../bench/router/sysbench.ts';
import { confineCalls } from '../mariadb/confined-program.ts';
import { type PackagedMariadb, rootFileSystem } from '../mariadb/root-file-system.ts';
import { connectToRouter } from './checked-load.ts';
import { KEYSPACE } from './cluster-objects.ts';
import { type LoadTarget, ROUTER } from './load-target.ts';

const MARIADB: PackagedMariadb = { version: '11.8', suite: 'trixie' };
const CLIENTS = 4;
/** Each run of sysbench; one follows the other. */
const SECONDS = 5;
/** Of each event: two rows are read by their keys, `k` of one is raised by 1, and another column of one is set. */
const EVENT = ['--skip-trx=on', '--range-selects=off', '--point-selects=2', '--delete-inserts=0'];
const QUERIES_OF_EVENT = 4;

/** What is there of sysbench's rows. */
interface TableContent {
  readonly rows: number;
  /** Of the column that each event raises by 1. */
  readonly sum: number;
}

/** sysbench, whose rows are in the keyspace. */
export class SysbenchLoad {
  readonly #target: LoadTarget;
  readonly #sysbench: Sysbench;
  readonly #folders: readonly string[];

  private constructor(target: LoadTarget, sysbench: Sysbench, folders: readonly string[]) {
    this.#target = target;
    this.#sysbench = sysbench;
    this.#folders = folders;
  }

  /** Makes its table and rows. */
  static async open(target: LoadTarget): Promise<SysbenchLoad> {
    const folder = await mkdtemp(join(tmpdir(), 'shardwright-sysbench-'));
    const root = await rootFileSystem(MARIADB, SYSBENCH_PACKAGES);
    const confineCall = await confineCalls(root, folder);
    const sysbench = await Sysbench.open(join(folder, 'files'), confineCall);
    const load = new SysbenchLoad(target, sysbench, [folder, join(root, folder)]);
    try {
      await sysbench.prepare(load.#endpoint());
    } catch (error) {
      await load.close();
      throw error;
    }
    return load;
  }

  /**
   * Runs as long as something is done; resolves with the number of updates. Rejects when that fails, when a client has seen
   * an error, or when the table has another number of rows or of updates than were acknowledged.
   */
  async during(work: () => Promise<void>): Promise<number> {
    const before = await this.#read();
    const done = new AbortController();
    const [worked, ran] = await Promise.allSettled([
      work().finally(() => done.abort()),
      this.#runUntil(done.signal),
    ]);
    if (worked.status === 'rejected') {
      throw worked.reason;
    }
    if (ran.status === 'rejected') {
      throw ran.reason;
    }
    const { rows, sum } = await this.#read();
    if (rows !== ROWS || sum - before.sum !== ran.value) {
      throw new Error(
        `sysbench had ${ran.value} updates acknowledged, and ${sum - before.sum} are there, in ${rows} of ${ROWS} rows`,
      );
    }
    return ran.value;
  }

  async close(): Promise<void> {
    for (const folder of this.#folders) {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #runUntil(done: AbortSignal): Promise<number> {
    let updates = 0;
    do {
      updates += await this.#runOnce();
    } while (!done.aborted);
    return updates;
  }

  async #runOnce(): Promise<number> {
    const run = { workload: 'oltp_read_write', clients: CLIENTS, seconds: SECONDS, options: EVENT } as const;
    const ran = await this.#sysbench.run(this.#endpoint(), run).catch((error: unknown) => {
      // The whole of the message has the command with its password.
      const [told = 'it failed'] = /^FATAL: .*$/m.exec(String(error)) ?? [];
      return { told };
    });
    if ('told' in ran) {
      throw new Error(`a client of sysbench saw: ${ran.told}`);
    }
    return ran.queries / QUERIES_OF_EVENT;
  }

  async #read(): Promise<TableContent> {
    const session = await connectToRouter(this.#target);
    try {
      const [row] = await session.query<RowDataPacket[]>(
        `SELECT COUNT(*) AS n, SUM(k) AS k FROM ${KEYSPACE}.sbtest1`,
      );
      return { rows: Number(row?.['n']), sum: Number(row?.['k']) };
    } finally {
      session.close();
    }
  }

  #endpoint(): Endpoint {
    const { host, port = 3306, user, password } = this.#target.reach(ROUTER);
    return { address: { host, port }, user, password, database: KEYSPACE, tls: false };
  }
}
