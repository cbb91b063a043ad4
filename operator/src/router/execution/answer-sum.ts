import type { Completion } from '../backend/outcome.ts';
import { PLAIN_OK } from '../../wire/ok-packet.ts';
import type { GeneratedIds } from '../routing/route.ts';
import type { Execution } from './execution.ts';
import { rememberedInsertId, setsInsertId, toldInsertId } from './insert-id.ts';
import { answerFailure, type ServerFailure } from './server-message.ts';
import type { Statement } from './statement.ts';
import { sumAnswers, sumInserts } from './summed-answer.ts';

/** What several servers said to the parts of one write. */
export interface PartAnswers {
  readonly byShard: ReadonlyMap<number, readonly Completion[]>;
  /** The error that ended it. */
  readonly failure: ServerFailure | undefined;
  readonly generatedIds: GeneratedIds | null;
  /** Whether the answer tells how many rows each shard had. */
  readonly perShard: boolean;
}

/** Answers a write of several parts as one. */
export function answerSum(
  execution: Execution,
  { answer, parsed, hasMore }: Statement,
  { byShard, failure, generatedIds, perShard }: PartAnswers,
): void {
  if (failure !== undefined) {
    answerFailure(execution, answer, failure);
    return;
  }
  const { kind } = parsed.shape;
  const completions = [...byShard.values()].flat();
  const sum = kind === 'insert' ? sumInserts(completions) : sumAnswers(completions);
  const rows = [...byShard].map(
    ([shard, completions]) => `shard ${shard}: ${sumAnswers(completions).affectedRows}`,
  );
  const told = completions.map(({ lastInsertId }) => lastInsertId);
  const ok = {
    ...PLAIN_OK,
    ...sum,
    lastInsertId: toldInsertId({ kind, generatedIds, told }),
    message: perShard ? [sum.message, ...rows].filter((part) => part !== '').join('  ') : sum.message,
    status: execution.status(hasMore),
  };
  const setsId = setsInsertId(parsed.shape);
  const insertId = rememberedInsertId({ kind, generatedIds, told, setsId, countedByServer: false });
  execution.succeeded(ok, insertId, kind);
  answer.ok(ok);
}
