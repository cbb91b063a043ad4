import type { Completion } from '../backend/outcome.ts';
import type { RouteOf } from '../routing/route.ts';
import { locate, noShard } from '../topology/topology.ts';
import { CollectingSink } from './collecting-sink.ts';
import type { Execution } from './execution.ts';
import { slotPlace } from './place-description.ts';
import { answerSum, type ServerFailure } from './answer-sum.ts';
import type { Statement } from './statement.ts';
import { inStatementTransaction } from './statement-transaction.ts';
import { editedText } from './statement-text.ts';

/**
 * Runs a write in several slots, each with its part, in one transaction: the session's, or one of its own. The first error
 * is the client's, and undoes what the others did.
 */
export async function runSplit(
  execution: Execution,
  statement: Statement,
  route: RouteOf<'split'>,
  signal: AbortSignal,
): Promise<void> {
  const { session } = execution;
  const { keyspace, parts, access, generatedIds } = route;
  execution.bind(
    keyspace,
    parts.map(({ slot }) => slotPlace(keyspace, slot)),
  );
  const byShard = new Map<number, Completion[]>();
  let failure: ServerFailure | undefined;
  await inStatementTransaction(
    session,
    async () => {
      for (const { slot, edits } of parts) {
        const text = editedText(statement, edits);
        const { outcome, sink, server } = await execution.onShard(
          {
            locate: (topology) => locate(topology, { kind: 'slot', keyspace, slot }, noShard),
            access,
            consistency: 'Strong',
            transactional: true,
            sink: () => new CollectingSink(),
            send: (connection, receiver, surroundings, limit) =>
              connection.query(text, receiver, surroundings, limit),
          },
          signal,
        );
        failure = sink.failure;
        if (failure !== undefined) {
          return false;
        }
        if (outcome.completion !== undefined) {
          byShard.set(server.shard, [...(byShard.get(server.shard) ?? []), outcome.completion]);
        }
      }
      return true;
    },
    signal,
  );
  answerSum(execution, statement, {
    byShard,
    failure,
    generatedId: generatedIds?.first,
    perShard: route.everySlot,
  });
}
