/** A client that writes rows of its own, one after the other, to whichever pod the ShardMap names, and remembers which were acknowledged. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Session } from '../chaos/clients/session.ts';

/** Where a client writes to now; undefined while the map names nobody. */
export interface WriteTarget {
  readonly pod: string;
  /** The pod's address. */
  readonly host: string;
}

export interface RowWriterOptions {
  /** Asked before every connection. */
  readonly target: () => Promise<WriteTarget | undefined>;
  readonly connect: (host: string) => Promise<Session>;
  /** Distinguishes the rows of one writer from another's. */
  readonly name: string;
}

/** One writer at work. */
export interface RowWriter {
  /** Rows whose commit was acknowledged so far. */
  readonly acknowledged: ReadonlySet<number>;
  /** The longest time in milliseconds between two acknowledgements since the last call. */
  takeLongestGap(): number;
  /** Ends with the row that is under way. */
  stop(): Promise<void>;
}

/** The table the rows are in. */
export const ROW_TABLE = 'app.written_rows';

/** Makes the table by way of a session with the primary. */
export async function makeRowTable(session: Session): Promise<void> {
  await session.query('CREATE DATABASE IF NOT EXISTS app');
  await session.query(
    `CREATE TABLE IF NOT EXISTS ${ROW_TABLE} (writer VARCHAR(20), id INT, PRIMARY KEY (writer, id))`,
  );
}

const RECONNECT_MILLISECONDS = 5;
const PAUSE_MILLISECONDS = 5;

/** Starts to write. A row that was not acknowledged is given up: the next has another number. */
export function startRowWriter({ target, connect, name }: RowWriterOptions): RowWriter {
  const acknowledged = new Set<number>();
  let last = performance.now();
  let longest = 0;
  const stopping = new AbortController();
  let next = 0;

  const writeRows = async (session: Session): Promise<void> => {
    while (!stopping.signal.aborted) {
      next += 1;
      await session.query(`INSERT INTO ${ROW_TABLE} VALUES (?, ?)`, [name, next]);
      acknowledged.add(next);
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      await delay(PAUSE_MILLISECONDS);
    }
  };
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const place = await target().catch(() => undefined);
      const session = place === undefined ? undefined : await connect(place.host).catch(() => undefined);
      if (session !== undefined) {
        await writeRows(session).catch(() => undefined);
        session.close();
      }
      await delay(RECONNECT_MILLISECONDS);
    }
  };
  const running = run();
  return {
    acknowledged,
    takeLongestGap() {
      const taken = Math.max(longest, performance.now() - last);
      longest = 0;
      return taken;
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
