/** What a shard holds, by SQL of its own: for people who want to see what a map would be made from. */
import { DATABASES_SQL, databaseOfGrant, GRANTS_SQL } from '../audit/audit-sql.ts';
import { readDatabaseName } from '../keyspace/database-names.ts';
import type { DatabaseHoldings } from './evidence.ts';

/** Where fences and moves are recorded, on servers that ever had any: database, table. */
const RECORDS_SQL =
  "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shardwright' AND TABLE_NAME IN ('slot_fences', 'move_progress')";
const FENCES_SQL = 'SELECT database_name, map_revision FROM shardwright.slot_fences';
const MOVES_SQL = 'SELECT move_id, database_name FROM shardwright.move_progress';

/**
 * Reads it with a query that sees all databases, `mysql.db` and our own. Throws what the query throws. Whatever changes
 * meanwhile may be seen by halves.
 */
export async function readHoldingsBySql(
  query: (sql: string) => Promise<readonly (readonly string[])[]>,
): Promise<DatabaseHoldings> {
  const there = new Set((await query(DATABASES_SQL)).map(([name = '']) => name).filter(isOfKeyspace));
  const grants = await query(GRANTS_SQL);
  const granted = new Set(grants.map(([, pattern = '']) => databaseOfGrant(pattern)).filter(isOfKeyspace));
  const records = new Set((await query(RECORDS_SQL)).map(([table = '']) => table));
  const fences = records.has('slot_fences') ? await query(FENCES_SQL) : [];
  const moves = records.has('move_progress') ? await query(MOVES_SQL) : [];
  return {
    served: [...there].filter((name) => granted.has(name)),
    closed: [...there].filter((name) => !granted.has(name)),
    missing: [...granted].filter((name) => !there.has(name)),
    fences: fences.map(([database = '', revision = '0']) => ({ database, revision: Number(revision) })),
    moves: moves.map(([id = '', database = '']) => ({ id, database })),
  };
}

function isOfKeyspace(name: string): boolean {
  return readDatabaseName(name) !== undefined;
}
