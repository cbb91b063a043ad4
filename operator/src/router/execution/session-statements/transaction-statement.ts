import type { StatementShape } from '../../sql/statement-shape.ts';
import { clientError, refuseFeature } from '../errors.ts';
import {
  BEGIN,
  beginTransaction,
  commitTransaction,
  releaseSavepoint,
  rollbackToSavepoint,
  rollbackTransaction,
  setSavepoint,
} from '../transactions.ts';
import type { SessionStatements } from './session-statements.ts';
import { answerOk } from './answer-ok.ts';
import { runReplayed } from './replayed-variables.ts';
import type { Statement } from '../statement.ts';

type ShapeOf<Kind extends StatementShape['kind']> = Extract<StatementShape, { readonly kind: Kind }>;

/** BEGIN, START TRANSACTION. */
export async function runBegin(
  statements: SessionStatements,
  statement: Statement,
  shape: ShapeOf<'begin'>,
  signal: AbortSignal,
): Promise<void> {
  const characteristics = [
    ...(shape.access === null ? [] : [shape.access === 'read' ? 'READ ONLY' : 'READ WRITE']),
    ...(shape.consistentSnapshot ? ['WITH CONSISTENT SNAPSHOT'] : []),
  ];
  const begin = characteristics.length === 0 ? BEGIN : `${BEGIN} ${characteristics.join(', ')}`;
  await beginTransaction(statements.execution.session, begin, signal);
  answerOk(statements, statement);
}

/** COMMIT and ROLLBACK. */
export async function runEnd(
  statements: SessionStatements,
  statement: Statement,
  shape: ShapeOf<'commit' | 'rollback'>,
  signal: AbortSignal,
): Promise<void> {
  if (shape.release === true) {
    throw refuseFeature('releaseConnection');
  }
  const { session } = statements.execution;
  const begin = session.transaction.kind === 'open' ? session.transaction.begin : BEGIN;
  const end = shape.kind === 'commit' ? commitTransaction : rollbackTransaction;
  await end(session, signal);
  if (shape.chain === true) {
    await beginTransaction(session, begin, signal);
  }
  answerOk(statements, statement);
}

/** SAVEPOINT, ROLLBACK TO, RELEASE SAVEPOINT. */
export async function runSavepoint(
  statements: SessionStatements,
  statement: Statement,
  shape: ShapeOf<'savepoint' | 'rollbackTo' | 'releaseSavepoint'>,
  signal: AbortSignal,
): Promise<void> {
  const run =
    shape.kind === 'savepoint'
      ? setSavepoint
      : shape.kind === 'rollbackTo'
        ? rollbackToSavepoint
        : releaseSavepoint;
  await run(statements.execution.session, shape.name, signal);
  answerOk(statements, statement);
}

/** SET TRANSACTION: for the next transaction, or for all of the session. */
export async function runSetTransaction(
  statements: SessionStatements,
  statement: Statement,
  shape: ShapeOf<'setTransaction'>,
  signal: AbortSignal,
): Promise<void> {
  const { session } = statements.execution;
  switch (shape.scope) {
    case 'global':
      throw refuseFeature('globalVariables');
    case 'session':
      await runReplayed(statements, statement, ['tx_isolation', 'tx_read_only'], signal);
      return;
    case 'next': {
      if (session.transaction.kind === 'open') {
        throw clientError(
          'transactionUnderWay',
          "Transaction characteristics can't be changed while a transaction is in progress",
        );
      }
      const parts = [
        ...(shape.isolation === null ? [] : [`ISOLATION LEVEL ${shape.isolation}`]),
        ...(shape.access === null ? [] : [shape.access === 'read' ? 'READ ONLY' : 'READ WRITE']),
      ];
      session.transaction = { kind: 'none', next: `SET TRANSACTION ${parts.join(', ')}` };
      answerOk(statements, statement);
    }
  }
}
