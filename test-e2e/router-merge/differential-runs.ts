/** What runs of the differential test have compared, for the documentation: kept in a file beside. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const FILE = fileURLToPath(new URL('differential-runs.json', import.meta.url));

const runSchema = z.object({
  /** Day of the run, as YYYY-MM-DD. */
  date: z.string(),
  seed: z.int(),
  mariadb: z.string(),
  shards: z.int(),
  slots: z.int(),
  /** SELECTs of one table or several that are joined by the key, whose answers were compared. */
  selects: z.int(),
  /** Joins of any kind, whose answers were compared. */
  joins: z.int(),
  /** Further joins, which were refused. */
  refusedJoins: z.int(),
  /** Writes, after each ten of which all rows were compared. */
  writes: z.int(),
});

/** One run, which found no difference. */
export type DifferentialRun = z.output<typeof runSchema>;

/** All runs that are on record, the oldest first. */
export async function readDifferentialRuns(): Promise<readonly DifferentialRun[]> {
  return z.array(runSchema).parse(JSON.parse(await readFile(FILE, 'utf8')));
}

/** Puts a run on record. */
export async function recordDifferentialRun(run: DifferentialRun): Promise<void> {
  const runs = [...(await readDifferentialRuns()), run];
  await writeFile(FILE, `${JSON.stringify(runs, null, 2)}\n`);
}
