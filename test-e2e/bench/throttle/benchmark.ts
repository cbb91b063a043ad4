import type {
  CopyProgress,
  TransferLimits,
  TransferPause,
} from '../../../operator/src/engines/slot-transfer.ts';
import { PACKAGED_MARIADB, type PackagedMariadb } from '../../mariadb/root-file-system.ts';
import { type CopyWorld, startCopyWorld } from '../../transfer/copy-world.ts';
import type { Benchmark } from '../benchmark.ts';

const DATABASE = 'app_s0001';
const ROWS = 600_000;
const TABLE = `CREATE TABLE sbtest1 (id INT PRIMARY KEY, k INT NOT NULL, c CHAR(120) NOT NULL, pad CHAR(60) NOT NULL)`;
const FILL = `INSERT INTO sbtest1 SELECT seq, seq * 7919 MOD 100000, CONCAT(MD5(seq), MD5(seq + 1), MD5(seq + 2)), MD5(seq + 3) FROM seq_1_to_${ROWS}`;

/** Limits under which copying everything takes longer than is measured. */
const BYTES_PER_SECOND = 2_000_000;
const ROWS_PER_SECOND = 12_500;
const MEASURED_MILLISECONDS = 20_000;
/** In the middle of this a copy is held for as long. */
const HELD_MILLISECONDS = 3000;
const BATCH_ROWS = 1000;

/** Whether a copy is as fast as its limits allow, and no faster. */
export const throttleBenchmark: Benchmark = {
  name: 'throttle',
  title: 'Limits on the copy of a database',
  method: [
    `A database of ${ROWS} rows of 200 bytes is copied from one server to another on the same machine, by what a move does, with a limit of ${BYTES_PER_SECOND / 1e6} MB/s, and then of ${ROWS_PER_SECOND} rows/s. The rate is that of ${MEASURED_MILLISECONDS / 1000} s, from the first row that is stored on; then the copy is given up.`,
    `Then one without a limit is held for ${HELD_MILLISECONDS / 1000} s, as a move is while a replica is behind or its source is busy: counted are the rows that were stored all the same, of which one transaction may have been under way.`,
  ],
  series: [
    { name: 'bytes', label: 'bytes stored', unit: 'MB/s' },
    { name: 'bytesLimit', label: 'limit of bytes', unit: 'MB/s' },
    { name: 'rows', label: 'rows stored', unit: 'rows/s' },
    { name: 'rowsLimit', label: 'limit of rows', unit: 'rows/s' },
    { name: 'heldRows', label: 'rows stored while the copy was held', unit: 'rows', atMost: BATCH_ROWS },
  ],
  comparisons: [
    { label: 'bytes against their limit', of: 'bytes', against: 'bytesLimit', atLeast: 0.9, atMost: 1.1 },
    { label: 'rows against their limit', of: 'rows', against: 'rowsLimit', atLeast: 0.9, atMost: 1.1 },
  ],
  runs: 3,
  async open(progress) {
    const packaged = PACKAGED_MARIADB.at(-1) as PackagedMariadb;
    const world = await startCopyWorld(packaged);
    progress.note(`filling ${DATABASE}`);
    await world.from.run(`CREATE DATABASE ${DATABASE}`);
    await world.from.run(TABLE, DATABASE);
    await world.from.run(FILL, DATABASE);
    const [version] = await world.from.run('SELECT VERSION() AS version');
    return {
      versions: { MariaDB: /^[\d.]+/.exec(String(version?.['version']))?.[0] ?? 'unknown' },
      settle: async () => Promise.resolve(),
      async measure() {
        const bytes = await measureRate(world, { bytesPerSecond: BYTES_PER_SECOND });
        const rows = await measureRate(world, { rowsPerSecond: ROWS_PER_SECOND });
        return {
          bytes: bytes.bytesPerSecond / 1e6,
          bytesLimit: BYTES_PER_SECOND / 1e6,
          rows: rows.rowsPerSecond,
          rowsLimit: ROWS_PER_SECOND,
          heldRows: await countHeldRows(world),
        };
      },
      close: () => world.dispose(),
    };
  },
};

/** Copies for a while; the rates from the first row that was stored to the last one told of. */
async function measureRate(
  world: CopyWorld,
  limits: Omit<TransferLimits, 'batchRows'>,
): Promise<{ readonly rowsPerSecond: number; readonly bytesPerSecond: number }> {
  let first: Stored | undefined;
  let last: Stored | undefined;
  await copy(world, limits, { pause: () => null }, (stored) => {
    first ??= stored;
    last = stored;
    return stored.at - first.at >= MEASURED_MILLISECONDS;
  });
  if (first === undefined || last === undefined || last.at - first.at < MEASURED_MILLISECONDS) {
    throw new Error('the copy was over too soon');
  }
  const seconds = (last.at - first.at) / 1000;
  return {
    rowsPerSecond: (last.rows - first.rows) / seconds,
    bytesPerSecond: (last.bytes - first.bytes) / seconds,
  };
}

/** Holds a copy that is under way, and counts what it stores until it may go on. */
async function countHeldRows(world: CopyWorld): Promise<number> {
  let held: TransferPause | null = null;
  let heldAt = 0;
  let before = 0;
  let after = 0;
  const look = async (): Promise<number> => {
    const [row] = await world.to.run(`SELECT COUNT(*) AS count FROM ${DATABASE}.sbtest1`);
    return Number(row?.['count']);
  };
  let counting: Promise<void> = Promise.resolve();
  const count = async (): Promise<void> => {
    before = await look();
    await new Promise((resolve) => {
      setTimeout(resolve, HELD_MILLISECONDS);
    });
    after = await look();
    held = null;
  };
  await copy(world, { rowsPerSecond: ROWS_PER_SECOND * 4 }, { pause: () => held }, ({ rows, at }) => {
    if (heldAt === 0 && rows > 20 * BATCH_ROWS) {
      heldAt = at;
      held = { reason: 'ReplicaLagging', message: 'A replica is behind.' };
      counting = count();
    }
    return heldAt > 0 && held === null && at - heldAt > HELD_MILLISECONDS;
  });
  await counting;
  return after - before;
}

/** What is stored at a moment. */
interface Stored {
  readonly rows: number;
  readonly bytes: number;
  readonly at: number;
}

/** Copies until `isEnough` says so of what is stored. */
async function copy(
  { from, to, signal }: CopyWorld,
  limits: Omit<TransferLimits, 'batchRows'>,
  { pause }: { readonly pause: () => TransferPause | null },
  isEnough: (stored: Stored) => boolean,
): Promise<void> {
  await to.run(`DROP DATABASE IF EXISTS ${DATABASE}`);
  const end = new AbortController();
  const onProgress = ({ rows, bytes }: CopyProgress): void => {
    if (rows > 0 && isEnough({ rows, bytes, at: performance.now() })) {
      end.abort(new Error('enough was copied'));
    }
  };
  try {
    await to.slots.transfer.copy(
      {
        moveId: 'bench-1',
        database: DATABASE,
        source: from.source,
        throttle: { limits: () => ({ batchRows: BATCH_ROWS, ...limits }), shouldPause: pause },
        onProgress,
      },
      AbortSignal.any([signal, end.signal]),
    );
  } catch (error) {
    if (!end.signal.aborted) {
      throw error;
    }
  }
}
