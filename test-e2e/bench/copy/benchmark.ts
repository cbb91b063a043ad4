import {
  AT_FULL_SPEED,
  type CopyWorld,
  NO_TAIL,
  startCopyWorld,
  type WorldSide,
} from '../../transfer/copy-world.ts';
import { PACKAGED_MARIADB, type PackagedMariadb } from '../../mariadb/root-file-system.ts';
import type { Benchmark } from '../benchmark.ts';

/** The first alone is compared with what others do; all of them are for streams side by side. */
const DATABASES = ['app_s0001', 'app_s0002', 'app_s0003', 'app_s0004'] as const;
const [DATABASE] = DATABASES;
/** Of each of the two tables. */
const ROWS = 300_000;

/** The tables: rows of sysbench, 200 bytes each with an index, and shorter ones of five columns. */
const DEFINITIONS = [
  'CREATE TABLE sbtest1 (id INT PRIMARY KEY AUTO_INCREMENT, k INT NOT NULL, c CHAR(120) NOT NULL, pad CHAR(60) NOT NULL, KEY k_1 (k))',
  `INSERT INTO sbtest1 SELECT seq, seq * 7919 MOD 100000, CONCAT(MD5(seq), MD5(seq + 1), MD5(seq + 2)), MD5(seq + 3) FROM seq_1_to_${ROWS}`,
  'CREATE TABLE orders (id BIGINT PRIMARY KEY, customer BIGINT, total DECIMAL(12, 2), placed DATETIME(3), note VARCHAR(100), KEY (customer))',
  `INSERT INTO orders SELECT seq, seq MOD 5000, seq / 7, '2026-01-01' + INTERVAL seq SECOND, CONCAT('note ', seq) FROM seq_1_to_${ROWS}`,
];

/** A stream of rows from one server to another: ours, and the one that everybody has. */
export const copyBenchmark: Benchmark = {
  name: 'copy',
  title: 'Copying a database to another server',
  method: [
    `A database of two tables with ${ROWS} rows each, and an index beside the primary key, from one server to another on the same machine: once by what a move does, without a limit, and once by \`mariadb-dump --single-transaction | mariadb\` with their defaults. Both servers write a log of changes and flush every commit. Which comes first goes round from run to run.`,
    'Ours reads over TLS and writes through the local socket; the programs do both through the socket. The comparison of both sides, which every move makes before its switch, is measured behind each copy.',
    'Streams: two and four such databases at once, as moves from several shards come to one; rows of all of them count. Both servers and all streams share the processors of one machine, so that more streams are only faster where one leaves processors idle.',
  ],
  series: [
    { name: 'ours', label: 'ours', unit: 'rows/s' },
    { name: 'programs', label: 'mariadb-dump and mariadb', unit: 'rows/s' },
    { name: 'verified', label: 'comparison of both sides', unit: 'rows/s' },
    { name: 'two', label: 'ours, two streams', unit: 'rows/s' },
    { name: 'four', label: 'ours, four streams', unit: 'rows/s' },
  ],
  comparisons: [
    { label: 'ours against mariadb-dump and mariadb', of: 'ours', against: 'programs', atLeast: 1 },
    { label: 'two streams against one', of: 'two', against: 'ours' },
    { label: 'four streams against one', of: 'four', against: 'ours' },
  ],
  runs: 5,
  async open(progress) {
    const packaged = PACKAGED_MARIADB.at(-1) as PackagedMariadb;
    const world = await startCopyWorld(packaged);
    for (const side of [world.from, world.to]) {
      await side.run('SET GLOBAL innodb_flush_log_at_trx_commit = 1, sync_binlog = 1');
    }
    for (const database of DATABASES) {
      progress.note(`filling ${database}`);
      await world.from.run(`CREATE DATABASE ${database}`);
      for (const sql of DEFINITIONS) {
        await world.from.run(sql, database);
      }
    }
    const [version] = await world.from.run('SELECT VERSION() AS version');
    return {
      versions: { MariaDB: /^[\d.]+/.exec(String(version?.['version']))?.[0] ?? 'unknown' },
      settle: async () => Promise.resolve(),
      async measure(index) {
        const values: Record<string, number> = {};
        const alternatives = [
          async () => {
            values['ours'] = await rowsPerSecond(() => copyByMove(world, DATABASE));
            values['verified'] = await rowsPerSecond(() => compare(world));
          },
          async () => {
            values['programs'] = await rowsPerSecond(() => copyByPrograms(world));
          },
          async () => {
            values['two'] = await copySideBySide(world, DATABASES.slice(0, 2));
          },
          async () => {
            values['four'] = await copySideBySide(world, DATABASES);
          },
        ];
        for (const measure of index % 2 === 0 ? alternatives : alternatives.toReversed()) {
          for (const database of DATABASES) {
            await world.to.run(`DROP DATABASE IF EXISTS ${database}`);
          }
          await world.to.run('PURGE BINARY LOGS BEFORE NOW()');
          await measure();
        }
        return values;
      },
      close: () => world.dispose(),
    };
  },
};

async function rowsPerSecond(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return Math.round((2 * ROWS * 1000) / (performance.now() - began));
}

/** Copies databases at once; rows of all of them per second. */
async function copySideBySide(world: CopyWorld, databases: readonly string[]): Promise<number> {
  const rate = await rowsPerSecond(async () => {
    await Promise.all(databases.map((database) => copyByMove(world, database)));
  });
  return rate * databases.length;
}

async function copyByMove({ from, to, signal }: CopyWorld, database: string): Promise<void> {
  const { rows } = await to.slots.transfer.copy(
    { moveId: `bench-${database}`, database, source: from.source, throttle: AT_FULL_SPEED, onProgress() {} },
    signal,
  );
  if (rows !== 2 * ROWS) {
    throw new Error(`${rows} rows were copied`);
  }
}

async function compare({ from, to, signal }: CopyWorld): Promise<void> {
  const { isEqual } = await to.slots.transfer.verify(
    {
      moveId: `bench-${DATABASE}`,
      database: DATABASE,
      source: from.source,
      tail: NO_TAIL,
      throttle: AT_FULL_SPEED,
      onProgress() {},
    },
    signal,
  );
  if (!isEqual) {
    throw new Error('the copy is not equal');
  }
}

async function copyByPrograms({ from, to, runShell }: CopyWorld): Promise<void> {
  await to.run(`CREATE DATABASE ${DATABASE}`);
  await runShell(
    `${callOf('mariadb-dump', from)} --single-transaction ${DATABASE} | ${callOf('mariadb', to)} ${DATABASE}`,
  );
}

function callOf(program: string, { server }: WorldSide): string {
  return `${program} --no-defaults --user=root --socket=${server.socket}`;
}
