/**
 * Definitions (CREATE TABLE, ALTER TABLE, …) in every database that is concerned. A definition commits by itself on each
 * server, so it cannot be undone: where some databases have it and others failed, the client is told so, and sends the same
 * statement again: databases that have it already count as done as long as others have not.
 */
import type { ServerError } from '../backend/backend-error.ts';
import { databaseOfSlot, sharedDatabase, unshardedDatabase } from '../../core/keyspace/database-names.ts';
import type { RouteOf } from '../routing/route.ts';
import type { Topology } from '../topology/topology.ts';
import { PLAIN_OK } from '../wire/ok-packet.ts';
import { encodeTextRow } from '../wire/text-row.ts';
import { type CollectedResult, CollectingSink } from './collecting-sink.ts';
import { clientError } from './errors.ts';
import type { Execution } from './execution.ts';
import type { Statement } from './statement.ts';
import { editedText } from './statement-text.ts';
import { commitTransaction } from './transactions.ts';

/** How a definition went in one database. */
export interface DefinitionResult {
  readonly database: string;
  readonly shard: number;
  /** Undefined where it was done. */
  readonly error: { readonly errno: number; readonly sqlState: string; readonly message: string } | undefined;
}

/** What the client is told. */
export type DefinitionVerdict =
  | { readonly kind: 'done' }
  /** No database has changed, or all failed alike: the servers' own error. */
  | { readonly kind: 'refused'; readonly error: NonNullable<DefinitionResult['error']> }
  | { readonly kind: 'partly'; readonly message: string };

/**
 * Errors by which a server says that the effect of a definition is there already, by its verb. Source:
 * https://mariadb.com/kb/en/mariadb-error-code-reference/. What is renamed is no longer there under its old name.
 */
const ALREADY_DONE: Readonly<Record<DefinitionVerb, ReadonlySet<number>>> = {
  // Table, routine, trigger, event, index, constraint, package exists.
  CREATE: new Set([1007, 1050, 1061, 1304, 1359, 1537, 1826, 4092]),
  // Column, key, primary key, constraint exists; cannot drop what is not there.
  ALTER: new Set([1060, 1061, 1068, 1091, 1826]),
  // Unknown table, key, routine, trigger, event, sequence.
  DROP: new Set([1008, 1051, 1091, 1305, 1360, 1539, 4091]),
  RENAME: new Set([1050, 1146]),
  TRUNCATE: new Set(),
};

/** What a definition does. */
export type DefinitionVerb = 'CREATE' | 'ALTER' | 'DROP' | 'RENAME' | 'TRUNCATE';

/** Most databases that an error names. */
const NAMED = 5;

/** Decides what the results amount to. At least one is needed. */
export function judgeDefinition(
  verb: DefinitionVerb,
  results: readonly DefinitionResult[],
): DefinitionVerdict {
  const failed = results.filter(({ error }) => error !== undefined);
  const [first] = failed;
  if (first?.error === undefined) {
    return { kind: 'done' };
  }
  const isUnchanged = failed.length === results.length;
  const open = failed.filter(({ error }) => !ALREADY_DONE[verb].has(error?.errno ?? 0));
  if (isUnchanged && (open.length === 0 || open.length === results.length)) {
    return { kind: 'refused', error: first.error };
  }
  if (open.length === 0) {
    return { kind: 'done' };
  }
  const named = open.slice(0, NAMED).map(({ database, error }) => `${database}: ${error?.message ?? ''}`);
  const more = open.length > NAMED ? ` and ${open.length - NAMED} more` : '';
  return {
    kind: 'partly',
    message:
      `The definition is in ${results.length - open.length} of ${results.length} databases; it failed in ${named.join('; ')}${more}. ` +
      'Remove the cause and send the same statement again: databases that have it are left as they are',
  };
}

/** Runs a definition everywhere: shards side by side, the databases of each one after the other. */
export async function runDefinition(
  execution: Execution,
  statement: Statement,
  route: RouteOf<'definition'>,
  signal: AbortSignal,
): Promise<void> {
  await commitTransaction(execution.session, signal);
  const { access, edits } = route;
  const text = editedText(statement, edits);
  const results: DefinitionResult[] = [];
  let warnings = 0;
  const answers: CollectedResult[] = [];
  const runShard = async (shard: number, databases: readonly string[]): Promise<void> => {
    for (const database of databases) {
      const { sink, outcome } = await execution.onShard(
        {
          locate: () => ({ shard, database }),
          access,
          consistency: 'Strong',
          transactional: false,
          sink: () => new CollectingSink(),
          send: (connection, receiver, surroundings, limit) =>
            connection.query(text, receiver, surroundings, limit),
        },
        signal,
      );
      warnings += outcome.completion?.warnings ?? 0;
      answers.push(...sink.results.filter(({ columns }) => columns.length > 0));
      results.push({ database, shard, error: sink.failure?.error });
    }
  };
  const databases = databasesOf(execution.topology(), route);
  const ends = await Promise.allSettled(
    [...databases].map(async ([shard, names]) => {
      try {
        await runShard(shard, names);
      } catch (cause) {
        signal.throwIfAborted();
        const done = results.filter((result) => result.shard === shard).length;
        const error = errorOf(cause);
        results.push(...names.slice(done).map((database) => ({ database, shard, error })));
      }
    }),
  );
  const lost = ends.find((end) => end.status === 'rejected');
  if (lost !== undefined) {
    throw lost.reason;
  }
  const [first] = answers;
  if (first !== undefined) {
    answerRows(execution, statement, first, answers);
    return;
  }
  answerDefinition(execution, statement, judgeDefinition(verbOf(statement), results), warnings);
}

/** ALTER TABLE … RENAME does what RENAME does; maintenance of tables has no effect that could be there already. */
function verbOf({ parsed: { shape } }: Statement): DefinitionVerb {
  if (shape.kind !== 'definition') {
    return 'TRUNCATE';
  }
  return shape.verb === 'ALTER' && shape.renames.length > 0 ? 'RENAME' : shape.verb;
}

function errorOf(cause: unknown): ServerError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return { errno: 1105, sqlState: 'HY000', message };
}

/** By shard. */
function databasesOf(
  topology: Topology,
  { keyspace, databases }: RouteOf<'definition'>,
): ReadonlyMap<number, readonly string[]> {
  const places = topology.places.get(keyspace);
  const configuration = topology.keyspaces.get(keyspace);
  const byShard = new Map<number, string[]>();
  for (const shard of topology.shards.keys()) {
    const names = [
      ...(databases.includes('unsharded') && places?.homeShard === shard
        ? [unshardedDatabase(keyspace)]
        : []),
      ...(databases.includes('shared') ? [sharedDatabase(keyspace)] : []),
      ...(databases.includes('slots')
        ? (configuration?.slotsByShard.get(shard) ?? []).map((slot) => databaseOfSlot(keyspace, slot))
        : []),
    ];
    if (names.length > 0) {
      byShard.set(shard, names);
    }
  }
  return byShard;
}

/** Maintenance of tables answers with rows, of which each database has its own. */
function answerRows(
  execution: Execution,
  { answer, hasMore }: Statement,
  { columns }: CollectedResult,
  answers: readonly CollectedResult[],
): void {
  const status = execution.status(hasMore);
  answer.encodedColumns(columns, status);
  for (const row of answers.flatMap(({ rows }) => rows)) {
    answer.packet(encodeTextRow(row));
  }
  answer.endOfRows(status, 0);
}

function answerDefinition(
  execution: Execution,
  { answer, hasMore }: Statement,
  verdict: DefinitionVerdict,
  warnings: number,
): void {
  switch (verdict.kind) {
    case 'done':
      answer.ok({ ...PLAIN_OK, warnings: Math.min(warnings, 65_535), status: execution.status(hasMore) });
      return;
    case 'refused':
      execution.failed();
      answer.error(verdict.error);
      return;
    case 'partly':
      throw clientError('unknown', verdict.message);
  }
}
