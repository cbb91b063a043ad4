import type { Completion } from '../backend/outcome.ts';
import type { RouteOf } from '../routing/route.ts';
import { locate, noShard } from '../topology/topology.ts';
import { answerSum, type ServerFailure } from './answer-sum.ts';
import { CollectingSink } from './collecting-sink.ts';
import type { Execution } from './execution.ts';
import type { Statement } from './statement.ts';
import { inStatementTransaction } from './statement-transaction.ts';
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
  const topology = execution.topology();
  const home = topology.places.get(keyspace)?.homeShard ?? 0;
  const shards = [home, ...[...topology.shards.keys()].filter((shard) => shard !== home)];
  const text = editedText(statement, edits);
  const byShard = new Map<number, Completion[]>();
  let failure: ServerFailure | undefined;
  await inStatementTransaction(
    execution.session,
    async () => {
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
          byShard.set(shard, [outcome.completion]);
        }
      }
      return true;
    },
    signal,
  );
  answerSum(execution, statement, { byShard, failure, generatedId: generatedIds?.first, perShard: false });
}
