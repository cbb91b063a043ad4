/** What a server holds of keyspaces, for a map that is made again. */
import type { DatabaseHoldings } from '../../../core/rebuild/evidence.ts';
import { readDatabaseName } from '../../../core/keyspace/database-names.ts';
import { readGrants } from '../manage-databases.ts';
import { textOf } from '../slave-status.ts';
import { FIND_MOVE_PROGRESS, SELECT_MOVE_PROGRESS } from './move-progress.ts';
import { readFences } from './recorded-fences.ts';
import type { RunStatement } from './run-statement.ts';

/** Reads it by a few statements: whoever asks sees to it that nothing changes in between. */
export async function readHoldings(run: RunStatement): Promise<DatabaseHoldings> {
  const rows = await run('read databases', 'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA');
  const there = new Set(rows.map((row) => textOf(row, 'name')).filter(isOfKeyspace));
  const granted = new Set(
    [...(await readGrants(run)).values()].flatMap((names) => [...names]).filter(isOfKeyspace),
  );
  const fences = await readFences(run);
  const hasMoves = (await run('look for the table of progress', FIND_MOVE_PROGRESS)).length > 0;
  const moves = hasMoves ? await run('read progress', SELECT_MOVE_PROGRESS) : [];
  return {
    served: [...there].filter((name) => granted.has(name)),
    closed: [...there].filter((name) => !granted.has(name)),
    missing: [...granted].filter((name) => !there.has(name)),
    fences: [...fences].map(([database, { revision }]) => ({ database, revision })),
    moves: moves.map((row) => ({ id: textOf(row, 'move_id'), database: textOf(row, 'database_name') })),
  };
}

function isOfKeyspace(name: string): boolean {
  return readDatabaseName(name) !== undefined;
}
