/**
 * Definitions (CREATE TABLE, ALTER TABLE, …) in every database that is concerned. A definition commits by itself on each
 * server, so it cannot be undone: where some databases have it and others failed, the client is told so, and sends the same
 * statement again: databases that have it already count as done as long as others have not.
 */
import type { ServerError } from '../backend/backend-error.ts';
import type { ShardMapMove } from '../../api/v1alpha1/index.ts';
import type { Place, RouteOf } from '../routing/route.ts';
import type { Diagnostic } from '../session/diagnostics.ts';
import { describeMove } from '../topology/moves.ts';
import { HoldError } from '../topology/statement-hold.ts';
import { locate, noShard, type Topology } from '../topology/topology.ts';
import { PLAIN_OK } from '../../wire/ok-packet.ts';
import { encodeTextRow } from '../../wire/text-row.ts';
import { type CollectedResult, CollectingSink } from './collecting-sink.ts';
import { awaitDefinition } from './definition-moves.ts';
import { clientError } from './errors.ts';
import type { Execution } from './execution.ts';
import { DefinitionProgress } from './definition-progress.ts';
import { describePlace } from './place-description.ts';
import { clientMessage, clientTable } from './server-message.ts';
import type { Statement } from './statement.ts';
import { editedText } from './statement-text.ts';
import { commitTransaction } from './transactions.ts';

/** How a definition went in one database. */
export interface DefinitionResult {
  /** As a client reads it: `slot 7`. */
  readonly place: string;
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
  const named = open.slice(0, NAMED).map(({ place, error }) => `${place}: ${error?.message ?? ''}`);
  const more = open.length > NAMED ? ` and ${open.length - NAMED} more` : '';
  return {
    kind: 'partly',
    message:
      `The definition is in ${results.length - open.length} of ${results.length} ${results.every(({ place }) => place.startsWith('slot ')) ? 'slots' : 'databases'}; it failed in ${named.join('; ')}${more}. ` +
      'Remove the cause and send the same statement again: those that have it are left as they are',
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
  const endedReturns = await awaitDefinition(execution, route, signal);
  const { access, edits } = route;
  const text = editedText(statement, edits);
  const results: DefinitionResult[] = [];
  let warnings = 0;
  const answers: CollectedResult[] = [];
  const { keyspaces } = execution.topology();
  const { shape } = statement.parsed;
  const places = placesOf(execution.topology(), route);
  const progress = new DefinitionProgress(execution, statement.answer, {
    keyspace: route.keyspace,
    verb: shape.kind === 'definition' ? shape.verb : shape.kind,
    total: [...places.values()].flat().length,
  });
  const tell = (...ended: readonly DefinitionResult[]): void => {
    results.push(...ended);
    ended.forEach(({ error }) => progress.finished(error !== undefined));
  };
  const runPlace = async (shard: number, place: Place): Promise<void> => {
    const { sink, outcome } = await execution.onShard(
      {
        // A database may have moved since the statement began.
        locate: (topology) => locate(topology, place, noShard),
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
    const error = sink.failure?.error;
    tell({
      place: describePlace(place),
      shard,
      error: error === undefined ? undefined : { ...error, message: clientMessage(error, keyspaces) },
    });
  };
  const runShard = async (shard: number, own: readonly Place[]): Promise<void> => {
    for (const [index, place] of own.entries()) {
      try {
        await runPlace(shard, place);
      } catch (cause) {
        signal.throwIfAborted();
        // A shard that has nobody has nobody for its other databases either; each would be waited for as long.
        const failed = isOfOneDatabase(cause) ? [place] : own.slice(index);
        tell(...failed.map((each) => ({ place: describePlace(each), shard, error: errorOf(cause) })));
        if (!isOfOneDatabase(cause)) {
          return;
        }
      }
    }
  };
  const ends = await Promise.allSettled([...places].map(([shard, own]) => runShard(shard, own)));
  progress.end();
  const lost = ends.find((end) => end.status === 'rejected');
  if (lost !== undefined) {
    throw lost.reason;
  }
  const [first] = answers;
  if (first !== undefined) {
    answerRows(execution, statement, first, answers);
    return;
  }
  const verdict = judgeDefinition(verbOf(statement), results);
  const told = verdict.kind === 'refused' ? [] : endedReturns.map(warnOfReturn);
  execution.session.diagnostics = [...execution.session.diagnostics, ...told];
  answerDefinition(execution, statement, verdict, warnings + told.length);
}

/** ALTER TABLE … RENAME does what RENAME does; maintenance of tables has no effect that could be there already. */
function verbOf({ parsed: { shape } }: Statement): DefinitionVerb {
  if (shape.kind !== 'definition') {
    return 'TRUNCATE';
  }
  return shape.verb === 'ALTER' && shape.renames.length > 0 ? 'RENAME' : shape.verb;
}

/** Whether the shard serves, and only not this database. */
function isOfOneDatabase(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof HoldError && cause.reason.cause === 'StaleRoute';
}

function errorOf(cause: unknown): ServerError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return { errno: 1105, sqlState: 'HY000', message };
}

/** The databases that a definition concerns, by shard. */
function placesOf(
  topology: Topology,
  { keyspace, databases }: RouteOf<'definition'>,
): ReadonlyMap<number, readonly Place[]> {
  const { homeShard, referenceShards = [] } = topology.places.get(keyspace) ?? {};
  const configuration = topology.keyspaces.get(keyspace);
  const byShard = new Map<number, Place[]>();
  for (const shard of topology.shards.keys()) {
    const places: Place[] = [
      ...(databases.includes('unsharded') && homeShard === shard
        ? [{ kind: 'unsharded', keyspace } as const]
        : []),
      ...(databases.includes('shared') && referenceShards.includes(shard)
        ? [{ kind: 'shared', keyspace, shard } as const]
        : []),
      ...(databases.includes('slots')
        ? (configuration?.slotsByShard.get(shard) ?? []).map(
            (slot) => ({ kind: 'slot', keyspace, slot }) as const,
          )
        : []),
    ];
    if (places.length > 0) {
      byShard.set(shard, places);
    }
  }
  return byShard;
}

function warnOfReturn(move: ShardMapMove): Diagnostic {
  return {
    level: 'Warning',
    code: '1105',
    message: `${describeMove(move)}: it cannot be returned any more, since its tables are other ones now`,
  };
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
  const { keyspaces } = execution.topology();
  for (const [table, ...others] of answers.flatMap(({ rows }) => rows)) {
    const named =
      table === null || table === undefined ? null : Buffer.from(clientTable(String(table), keyspaces));
    answer.packet(encodeTextRow([named, ...others]));
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
