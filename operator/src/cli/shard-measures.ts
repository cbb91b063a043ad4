/** What the databases of a cluster take, by its primaries: what a plan is reckoned from. */
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import type { LongTransaction } from '../core/rebalance/plan-warnings.ts';
import type { DatabaseMeasure } from '../core/rebalance/planned-keyspace.ts';
import { PluginFailure } from './failure.ts';
import { DATABASE_CONTAINER, VOLUME_FOLDER } from './pod-paths.ts';
import type { PluginSession } from './session.ts';
import { type ShardQuery, shardQuery } from './shard-query.ts';

/** What was found out, and what was not. */
export interface ShardMeasures {
  /** By name of the database, of the shards that answered. */
  readonly measures: ReadonlyMap<string, DatabaseMeasure>;
  /** Free bytes on the volume of each primary. */
  readonly freeBytes: ReadonlyMap<number, number>;
  readonly longTransactions: readonly LongTransaction[];
  /** Why a shard was not measured: a sentence for each. */
  readonly problems: readonly string[];
}

/** A transaction that has been open for so long is told of. Seconds. */
const LONG_TRANSACTION_SECONDS = 10;

const OTHERS = "'mysql', 'information_schema', 'performance_schema', 'sys', 'shardwright'";

/** Database, rows, bytes. A database without tables is there, too. */
const SIZES_SQL = `SELECT s.SCHEMA_NAME, COALESCE(SUM(t.TABLE_ROWS), 0), COALESCE(SUM(t.DATA_LENGTH + t.INDEX_LENGTH), 0)
  FROM information_schema.SCHEMATA s LEFT JOIN information_schema.TABLES t
    ON t.TABLE_SCHEMA = s.SCHEMA_NAME AND t.TABLE_TYPE = 'BASE TABLE'
  WHERE s.SCHEMA_NAME NOT IN (${OTHERS}) GROUP BY s.SCHEMA_NAME`;

/** What is the matter, database, table; of what is no table, a sentence. */
const TABLES_SQL = `SELECT 'engine', TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES
  WHERE TABLE_TYPE = 'BASE TABLE' AND ENGINE <> 'InnoDB' AND TABLE_SCHEMA NOT IN (${OTHERS})
UNION ALL SELECT 'key', t.TABLE_SCHEMA, t.TABLE_NAME FROM information_schema.TABLES t
  LEFT JOIN information_schema.TABLE_CONSTRAINTS c
    ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME AND c.CONSTRAINT_TYPE = 'PRIMARY KEY'
  WHERE t.TABLE_TYPE = 'BASE TABLE' AND t.TABLE_SCHEMA NOT IN (${OTHERS}) AND c.CONSTRAINT_NAME IS NULL
UNION ALL SELECT 'other', TABLE_SCHEMA, CONCAT('table ', TABLE_NAME, ' has a history that the server keeps, which a copy would lose')
  FROM information_schema.TABLES WHERE TABLE_TYPE = 'SYSTEM VERSIONED' AND TABLE_SCHEMA NOT IN (${OTHERS})
UNION ALL SELECT 'other', EVENT_SCHEMA, CONCAT('event ', EVENT_NAME, ' is enabled: disable it, and enable it on the other shard')
  FROM information_schema.EVENTS WHERE STATUS = 'ENABLED' AND EVENT_SCHEMA NOT IN (${OTHERS})
UNION ALL SELECT 'reference', CONSTRAINT_SCHEMA, TABLE_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS
  WHERE UNIQUE_CONSTRAINT_SCHEMA <> CONSTRAINT_SCHEMA`;

const TRANSACTION_SQL =
  'SELECT COALESCE(MAX(TIMESTAMPDIFF(SECOND, trx_started, NOW())), 0) FROM information_schema.INNODB_TRX';

/** Measures all shards that have a primary, at once. What cannot be measured is a problem, not an error. */
export async function measureShards(
  session: Pick<PluginSession, 'kubectl'>,
  shards: readonly ShardMapShard[],
  signal: AbortSignal,
): Promise<ShardMeasures> {
  const query = shardQuery(session, shards, signal);
  const measures = new Map<string, DatabaseMeasure>();
  const freeBytes = new Map<number, number>();
  const longTransactions: LongTransaction[] = [];
  const problems: string[] = [];
  await Promise.all(
    shards.map(async (shard) => {
      try {
        for (const [database, measure] of await measureDatabases(query, shard.number)) {
          // Reference tables are on several shards; the largest copy counts.
          const other = measures.get(database);
          measures.set(database, other === undefined || other.bytes < measure.bytes ? measure : other);
        }
        const [[seconds = '0'] = []] = await query(shard.number, TRANSACTION_SQL);
        if (Number(seconds) >= LONG_TRANSACTION_SECONDS) {
          longTransactions.push({ shard: shard.number, seconds: Number(seconds) });
        }
        freeBytes.set(shard.number, await readFreeBytes(session, shard.primary ?? '', signal));
      } catch (error) {
        if (!(error instanceof PluginFailure)) {
          throw error;
        }
        problems.push(`${shard.name} was not measured: ${error.message}`);
      }
    }),
  );
  return { measures, freeBytes, longTransactions, problems: problems.toSorted() };
}

async function measureDatabases(
  query: ShardQuery,
  shard: number,
): Promise<ReadonlyMap<string, DatabaseMeasure>> {
  const tables = await query(shard, TABLES_SQL);
  const named = (what: string, database: string): string[] =>
    tables.flatMap(([kind, schema, table = '']) => (kind === what && schema === database ? [table] : []));
  const sizes = await query(shard, SIZES_SQL);
  return new Map(
    sizes.map(([database = '', rows = '0', bytes = '0']) => [
      database,
      {
        rows: Number(rows),
        bytes: Number(bytes),
        tablesWithoutPrimaryKey: named('key', database),
        tablesNotTransactional: named('engine', database),
        tablesReferringElsewhere: named('reference', database),
        otherObstacles: named('other', database),
      },
    ]),
  );
}

async function readFreeBytes(
  { kubectl }: Pick<PluginSession, 'kubectl'>,
  pod: string,
  signal: AbortSignal,
): Promise<number> {
  const program = ['df', '--output=avail', '--block-size=1', VOLUME_FOLDER];
  const output = await kubectl.capture(
    ['exec', pod, `--container=${DATABASE_CONTAINER}`, '--', ...program],
    '',
    signal,
  );
  const free = Number(output.trim().split('\n').at(-1));
  if (!Number.isSafeInteger(free)) {
    throw new PluginFailure('Failed', `df in ${pod} did not say what is free`);
  }
  return free;
}
