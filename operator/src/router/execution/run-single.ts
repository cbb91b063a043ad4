import type { BackendConnection, Surroundings } from '../backend/backend-connection.ts';
import type { Outcome } from '../backend/outcome.ts';
import type { Place, RouteOf } from '../routing/route.ts';

import { locate } from '../topology/topology.ts';
import type { Execution } from './execution.ts';
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
  const text = editedText(statement, edits);
  const send =
    parameters === null
      ? (connection: BackendConnection, sink: RelaySink, surroundings: Surroundings, limit: AbortSignal) =>
          connection.query(text, sink, surroundings, limit)
      : (connection: BackendConnection, sink: RelaySink, surroundings: Surroundings, limit: AbortSignal) =>
          executePrepared(connection, text, parameters.body, sink, surroundings, limit);
  const { outcome, sink } = await execution.onShard(
    {
      locate: (topology) => locate(topology, place, execution.preferredShard(topology)),
      access,
      consistency: execution.consistency(keyspaceOf(place)),
      transactional: true,
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
