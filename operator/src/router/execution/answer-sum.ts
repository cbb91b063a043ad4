import type { Completion } from '../backend/outcome.ts';
import { PLAIN_OK } from '../../wire/ok-packet.ts';
import type { Execution } from './execution.ts';
import { answerFailure, type ServerFailure } from './server-message.ts';
import type { Statement } from './statement.ts';
import { sumAnswers, sumInserts } from './summed-answer.ts';

/** What several servers said to the parts of one write. */
export interface PartAnswers {
  readonly byShard: ReadonlyMap<number, readonly Completion[]>;
  /** The error that ended it. */
  readonly failure: ServerFailure | undefined;
  readonly generatedId: bigint | undefined;
  /** Whether the answer tells how many rows each shard had. */
  readonly perShard: boolean;
}

/** Answers a write of several parts as one. */
export function answerSum(
  execution: Execution,
  { answer, parsed, hasMore }: Statement,
  { byShard, failure, generatedId, perShard }: PartAnswers,
): void {
  if (failure !== undefined) {
    answerFailure(execution, answer, failure);
    return;
  }
  const completions = [...byShard.values()].flat();
  const sum = parsed.shape.kind === 'insert' ? sumInserts(completions) : sumAnswers(completions);
  const rows = [...byShard].map(
    ([shard, completions]) => `shard ${shard}: ${sumAnswers(completions).affectedRows}`,
  );
  const ok = {
    ...PLAIN_OK,
    ...sum,
    lastInsertId: generatedId ?? sum.lastInsertId,
    message: perShard ? [sum.message, ...rows].filter((part) => part !== '').join('  ') : sum.message,
    status: execution.status(hasMore),
  };
  execution.succeeded(ok, generatedId, parsed.shape.kind);
  answer.ok(ok);
}
