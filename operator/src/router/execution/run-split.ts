import type { Completion } from '../backend/outcome.ts';
import type { RouteOf } from '../routing/route.ts';
import type { Diagnostic } from '../session/diagnostics.ts';
import { locate, noShard } from '../topology/topology.ts';
import { clientError } from './errors.ts';
import { answerReturning, RETURNED_BYTES, type ReturnedPart, ReturningSink } from './returned-rows.ts';
import type { Execution } from './execution.ts';
import { slotPlace } from './place-description.ts';
import { answerSum } from './answer-sum.ts';
import type { ServerFailure } from './server-message.ts';
import type { Statement } from './statement.ts';
import { inRepeatableTransaction } from './statement-transaction.ts';
import { editedText } from './statement-text.ts';
import { rollbackTransaction } from './transactions.ts';

const TOO_MANY_RETURNED =
  `Several slots return more than ${RETURNED_BYTES >> 20} MiB of rows: the transaction was rolled back; ` +
  'write fewer rows in one statement, or leave RETURNING out';

/** Most that a server keeps of one statement: the default of max_error_count. */
const MAX_DIAGNOSTICS = 64;

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
  const { keyspace, parts, access, generatedIds } = route;
  execution.bind(
    keyspace,
    parts.map(({ slot, boundBy }) => slotPlace(keyspace, slot, statement, boundBy ?? null)),
  );
  const places = parts.map(({ slot }) => ({ kind: 'slot', keyspace, slot }) as const);
  const byShard = new Map<number, Completion[]>();
  let failure: ServerFailure | undefined;
  const returned: ReturnedPart[] = [];
  const diagnostics: Diagnostic[] = [];
  await inRepeatableTransaction(
    execution,
    async () => {
      byShard.clear();
      returned.length = 0;
      diagnostics.length = 0;
      const room = { bytes: RETURNED_BYTES };
      await execution.settle(places, access.mode, signal);
      for (const { slot, edits, rows } of parts) {
        const text = editedText(statement, edits);
        const { outcome, sink, server } = await execution.onShard(
          {
            locate: (topology) => locate(topology, { kind: 'slot', keyspace, slot }, noShard),
            access,
            consistency: 'Strong',
            transactional: true,
            sink: () => new ReturningSink(room),
            send: (connection, receiver, surroundings, limit) =>
              connection.query(text, receiver, surroundings, limit),
          },
          signal,
        );
        failure = sink.failure;
        if (failure !== undefined) {
          return false;
        }
        if (room.bytes < 0) {
          // Of a transaction of the client's, too: it would have a part of the statement.
          await rollbackTransaction(execution.session, signal);
          throw clientError('tooMuchMemory', TOO_MANY_RETURNED);
        }
        diagnostics.push(...execution.session.diagnostics);
        const [result] = sink.results;
        if (result !== undefined && result.columns.length > 0) {
          returned.push({ result, rows: rows ?? [] });
        }
        if (outcome.completion !== undefined) {
          byShard.set(server.shard, [...(byShard.get(server.shard) ?? []), outcome.completion]);
        }
      }
      return true;
    },
    signal,
  );
  execution.session.diagnostics = diagnostics.slice(0, MAX_DIAGNOSTICS);
  if (failure === undefined && returned.length > 0) {
    await answerReturning(execution, statement, { parts: returned, insertId: generatedIds?.first }, signal);
    return;
  }
  answerSum(execution, statement, {
    byShard,
    failure,
    generatedIds,
    perShard: route.everySlot,
  });
}
