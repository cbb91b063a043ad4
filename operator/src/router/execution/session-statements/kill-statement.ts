import { assertNever } from '../../../runtime/assert-never.ts';
import type { StatementShape } from '../../sql/statement-shape.ts';
import { clientError, refuseFeature } from '../errors.ts';
import type { Statement } from '../statement.ts';
import { plainValue } from './assigned-value.ts';
import type { SessionStatements } from './session-statements.ts';
import { answerOk } from './answer-ok.ts';

type Kill = Extract<StatementShape, { readonly kind: 'kill' }>;

/** KILL: a connection of this router, by the number that CONNECTION_ID() told, of the same user. */
export async function runKill(
  statements: SessionStatements,
  statement: Statement,
  shape: Kill,
  signal: AbortSignal,
): Promise<void> {
  if (shape.what === 'user' || shape.what === 'queryId' || shape.id === null) {
    throw refuseFeature('killOthers');
  }
  const text = plainValue(statement.parsed, shape.id)?.text;
  const id = Number(text);
  if (text === null || text === undefined || !Number.isSafeInteger(id)) {
    throw clientError('noSuchThread', 'KILL needs the number of a connection');
  }
  const { execution } = statements;
  const { environment, session } = execution;
  const result = await environment.killClient(id, shape.what, session.user, signal);
  switch (result) {
    case 'unknown':
      throw clientError('noSuchThread', `Unknown thread id: ${id}`);
    case 'denied':
      throw clientError('killDenied', `You are not owner of thread ${id}`);
    case 'unanswered':
      throw clientError(
        'unknown',
        `The process of the router that has the connection ${id}, if there is one, is too busy to answer. It has been told, and ends it as soon as it can; SHOW PROCESSLIST tells whether it has`,
      );
    case 'killed':
      answerOk(statements, statement);
      return;
    default:
      assertNever(result);
  }
}
