import { PLAIN_OK } from '../../../wire/ok-packet.ts';
import type { Statement } from '../statement.ts';
import type { SessionStatements } from './session-statements.ts';

/** Answers that a statement is done. */
export function answerOk({ execution }: SessionStatements, { answer, hasMore }: Statement): void {
  execution.session.last = { ...execution.session.last, rowCount: 0n };
  answer.ok({ ...PLAIN_OK, status: execution.status(hasMore) });
}
