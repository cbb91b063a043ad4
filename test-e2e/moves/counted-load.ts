/** Clients of a keyspace of its own that count what was acknowledged: for keyspaces that a {@link CheckedLoad} does not use. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import type { Session } from '../chaos/clients/session.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { connectToRouter } from './checked-load.ts';
import type { LoadTarget } from './load-target.ts';

/** Rows with the keys from 0 on that lie there at first. */
export const COUNTED_ROWS = 2000;
const ROWS_AT_ONCE = 500;
const BUSY = { timeoutMilliseconds: 60_000, everyMilliseconds: 50 };
/** Who is refused at once must not keep the processors, and so the time-outs of others, from anything else. */
const AFTER_ERROR_MILLISECONDS = 100;
/** Rows after which a load is seen to go on. */
const ROWS_OF_WORK = 40;

/** Makes the tables of a counted load, and what they hold at first. */
export async function makeCountedTables(target: LoadTarget, keyspace: string): Promise<void> {
  const session = await connectToRouter(target);
  try {
    await session.query(`USE ${keyspace}`);
    await session.query(
      `CREATE TABLE ${keyspace}.events (id BIGINT PRIMARY KEY, note VARCHAR(20), changes INT NOT NULL DEFAULT 0)`,
    );
    await session.query(
      `CREATE TABLE ${keyspace}.items (id BIGINT, n INT, PRIMARY KEY (id, n), FOREIGN KEY (id) REFERENCES events (id) ON DELETE CASCADE)`,
    );
    for (let first = 0; first < COUNTED_ROWS; first += ROWS_AT_ONCE) {
      const rows = Array.from({ length: ROWS_AT_ONCE }, (_, index) => `(${first + index}, 'old')`);
      await session.query(`INSERT INTO ${keyspace}.events (id, note) VALUES ${rows.join(', ')}`);
    }
  } finally {
    session.close();
  }
}

/** Clients of the router, each with a session of its own: they append at the end of the keys, and change rows below. */
export class CountedLoad {
  readonly errors: string[] = [];
  /** Keys of rows that were acknowledged. */
  readonly acknowledged = new Set<number>();
  longestMilliseconds = 0;
  readonly #target: LoadTarget;
  readonly #keyspace: string;
  #next = COUNTED_ROWS;
  #isStopped = false;
  readonly #clients: readonly Promise<void>[];

  constructor(target: LoadTarget, keyspace: string, clients: number) {
    this.#target = target;
    this.#keyspace = keyspace;
    this.#clients = Array.from({ length: clients }, async (_, client) => this.#run(client));
  }

  get count(): number {
    return this.acknowledged.size;
  }

  /** Resolves when it has made some progress. */
  async untilBusy(): Promise<void> {
    const before = this.count;
    await waitFor(
      'the load goes on',
      () => {
        if (this.count <= before + ROWS_OF_WORK) {
          throw new Error(`it has made ${this.count - before} rows; last error: ${this.errors.at(-1)}`);
        }
        return true;
      },
      BUSY,
    );
  }

  /** Ends the clients when what is under way is done. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#clients);
  }

  /** What of the acknowledged is not there, or there twice, in words. The load must have been stopped. */
  async judge(): Promise<readonly string[]> {
    const session = await connectToRouter(this.#target);
    try {
      const table = `${this.#keyspace}.events`;
      const rows = await session.query<RowDataPacket[]>(`SELECT id FROM ${table}`);
      const [counted] = await session.query<RowDataPacket[]>(`SELECT COUNT(*) AS count FROM ${table}`);
      const present = new Set(rows.map((row) => Number(row['id'])));
      const old = Array.from({ length: COUNTED_ROWS }, (_, key) => key);
      const missing = [...old, ...this.acknowledged].filter((key) => !present.has(key));
      return [
        ...(missing.length === 0 ? [] : [`rows are missing: ${missing.slice(0, 5).join(', ')}`]),
        ...(present.size === rows.length && Number(counted?.['count']) === rows.length
          ? []
          : [`${rows.length} rows have ${present.size} keys, and are counted as ${counted?.['count']}`]),
      ];
    } finally {
      session.close();
    }
  }

  async #run(client: number): Promise<void> {
    const keyspace = this.#keyspace;
    let session: Session | undefined;
    for (let round = client; !this.#isStopped; round += 1) {
      const key = (this.#next += 1);
      const old = (round * 37) % COUNTED_ROWS;
      const begun = performance.now();
      try {
        session = session === undefined || session.closed ? await connectToRouter(this.#target) : session;
        await session.query(`INSERT INTO ${keyspace}.events (id, note) VALUES (${key}, 'new')`);
        this.acknowledged.add(key);
        await session.query(`INSERT INTO ${keyspace}.items (id, n) VALUES (${key}, 1)`);
        await session.query(`UPDATE ${keyspace}.events SET changes = changes + 1 WHERE id = ${old}`);
        const [row] = await session.query<RowDataPacket[]>(
          `SELECT note FROM ${keyspace}.events WHERE id = ${key}`,
        );
        if (row?.['note'] !== 'new') {
          this.errors.push(`row ${key} is not there`);
        }
      } catch (error) {
        this.errors.push(String(error));
        // A router that is killed takes its connections with it.
        session?.close();
        await delay(AFTER_ERROR_MILLISECONDS);
      }
      this.longestMilliseconds = Math.max(this.longestMilliseconds, performance.now() - begun);
    }
    session?.close();
  }
}
