import type { Completion } from '../backend/outcome.ts';
import type { RouteOf } from '../routing/route.ts';
import { locate, noShard } from '../topology/topology.ts';
import { answerSum } from './answer-sum.ts';
import type { ServerFailure } from './server-message.ts';
import { CollectingSink } from './collecting-sink.ts';
import type { Execution } from './execution.ts';
import { referenceShards } from './reference-shards.ts';
import type { Statement } from './statement.ts';
import { inRepeatableTransaction } from './statement-transaction.ts';
import { editedText } from './statement-text.ts';

/**
 * Writes to reference tables: on the home shard first, whose row locks put concurrent writers in one order, then on all others, in
 * one transaction. The home shard's answer is the client's.
 */
export async function runReferenceWrite(
  execution: Execution,
  statement: Statement,
  route: RouteOf<'referenceWrite'>,
  signal: AbortSignal,
): Promise<void> {
  const { keyspace, access, edits, generatedIds } = route;
  const text = editedText(statement, edits);
  const byShard = new Map<number, Completion[]>();
  let failure: ServerFailure | undefined;
  await inRepeatableTransaction(
    execution,
    async () => {
      await execution.settle([{ kind: 'shared', keyspace, shard: null }], access.mode, signal);
      const shards = referenceShards(execution.topology(), keyspace);
      const [home] = shards;
      for (const shard of shards) {
        const { outcome, sink } = await execution.onShard(
          {
            locate: (current) => locate(current, { kind: 'shared', keyspace, shard }, noShard),
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
        if (shard === home && outcome.completion !== undefined) {
          byShard.clear();
          byShard.set(shard, [outcome.completion]);
        }
      }
      return true;
    },
    signal,
  );
  answerSum(execution, statement, { byShard, failure, generatedIds, perShard: false });
}
