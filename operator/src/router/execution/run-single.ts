import type { BackendConnection, Surroundings } from '../backend/backend-connection.ts';
import type { Outcome } from '../backend/outcome.ts';
import type { Place, RouteOf } from '../routing/route.ts';

import type { StatementShape } from '../sql/statement-shape.ts';
import { locate } from '../topology/topology.ts';
import { CollectingSink } from './collecting-sink.ts';
import type { Execution } from './execution.ts';
import { ownVariableEdits } from './own-variable-edits.ts';
import { transactionPlaceOf } from './place-description.ts';
import { RelaySink } from './relay-sink.ts';
import type { Statement } from './statement.ts';
import { editedText } from './statement-text.ts';

/** Runs a statement in one database; its answer is the client's, rows undecoded. */
export async function runSingle(
  execution: Execution,
  statement: Statement,
  route: RouteOf<'single'>,
  signal: AbortSignal,
): Promise<void> {
  const { place, access, edits, generatedIds } = route;
  const { parsed, parameters, answer } = statement;
  const bound = transactionPlaceOf(place);
  if (bound !== null) {
    execution.bind(keyspaceOf(place), [bound]);
  }
  const text = editedText(statement, [...edits, ...ownVariableEdits(execution.session, parsed)]);
  const send =
    parameters === null
      ? (connection: BackendConnection, sink: RelaySink, surroundings: Surroundings, limit: AbortSignal) =>
          connection.query(text, sink, surroundings, limit)
      : (connection: BackendConnection, sink: RelaySink, surroundings: Surroundings, limit: AbortSignal) =>
          executePrepared(connection, text, parameters.body, sink, surroundings, limit);
  let foundRows: bigint | undefined;
  const { outcome, sink } = await execution.onShard(
    {
      locate: (topology) => locate(topology, place, () => execution.preferredShard(topology)),
      access,
      consistency: execution.consistency(keyspaceOf(place)),
      transactional: true,
      ...(countsFoundRows(parsed.shape)
        ? {
            after: async (connection: BackendConnection, limit: AbortSignal) => {
              foundRows = await readFoundRows(connection, limit);
            },
          }
        : {}),
      sink: () =>
        new RelaySink(answer, () => execution.answerEnd(statement.hasMore, generatedIds?.first), signal),
      send,
    },
    signal,
  );
  if (sink.failure !== undefined) {
    execution.failed();
    answer.packet(sink.failure.payload);
    return;
  }
  execution.succeeded(outcome.completion, generatedIds?.first, parsed.shape.kind);
  if (foundRows !== undefined) {
    execution.session.last = { ...execution.session.last, foundRows };
  }
}

/** SQL_CALC_FOUND_ROWS: how many rows there were without the LIMIT is known to the connection alone. */
function countsFoundRows({ scopes }: StatementShape): boolean {
  return scopes[0]?.options.includes('SQL_CALC_FOUND_ROWS') ?? false;
}

async function readFoundRows(connection: BackendConnection, signal: AbortSignal): Promise<bigint> {
  const sink = new CollectingSink();
  await connection.query(Buffer.from('SELECT FOUND_ROWS()'), sink, {}, signal);
  return BigInt(sink.results[0]?.rows[0]?.[0]?.toString() ?? '0');
}

function keyspaceOf(place: Place): string | null {
  return place.kind === 'anywhere' ? null : place.keyspace;
}

/** Prepares the text where it is not prepared yet, and executes it. A refusal to prepare is the answer. */
async function executePrepared(
  connection: BackendConnection,
  text: Buffer,
  body: Buffer,
  sink: RelaySink,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<Outcome> {
  const preparation = await connection.prepare(text, surroundings, signal);
  if (preparation.kind === 'refused') {
    if (preparation.outcome.error !== undefined) {
      sink.error(preparation.outcome.error, preparation.payload);
    }
    return preparation.outcome;
  }
  return connection.execute(preparation.statement.id, body, sink, signal);
}
