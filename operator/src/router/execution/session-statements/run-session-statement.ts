import { assertNever } from '../../../runtime/assert-never.ts';
import type { StatementShape } from '../../sql/statement-shape.ts';
import { clientError, refuseFeature } from '../errors.ts';
import type { Statement } from '../statement.ts';
import { SYSTEM_SCHEMAS } from '../system-schemas.ts';
import { answerOk } from './answer-ok.ts';
import { runKill } from './kill-statement.ts';
import { runDeallocate, runExecute, runExecuteImmediate, runPrepare } from './prepared-text.ts';
import type { SessionStatements } from './session-statements.ts';
import { CHARACTER_SET_VARIABLES, runReplayed } from './replayed-variables.ts';
import { runSet } from './set-statement.ts';
import { runDescribe, runShow } from './show-statement.ts';
import { runBegin, runEnd, runSavepoint, runSetTransaction } from './transaction-statement.ts';
import { runUserManagement } from './user-management.ts';

/** Runs a statement of a session, by its shape; what is not supported is refused by name. */
export async function runSessionStatement(
  statements: SessionStatements,
  statement: Statement,
  shape: StatementShape,
  signal: AbortSignal,
): Promise<void> {
  switch (shape.kind) {
    case 'begin':
      return runBegin(statements, statement, shape, signal);
    case 'commit':
    case 'rollback':
      return runEnd(statements, statement, shape, signal);
    case 'savepoint':
    case 'rollbackTo':
    case 'releaseSavepoint':
      return runSavepoint(statements, statement, shape, signal);
    case 'setTransaction':
      return runSetTransaction(statements, statement, shape, signal);
    case 'set':
      return runSet(statements, statement, shape.assignments, signal);
    case 'setNames':
      return runReplayed(statements, statement, CHARACTER_SET_VARIABLES, signal);
    case 'use':
      useSchema(statements, shape.schema);
      answerOk(statements, statement);
      return;
    case 'show':
      return runShow(statements, statement, shape, signal);
    case 'describe':
      return runDescribe(statements, statement, shape, signal);
    case 'kill':
      return runKill(statements, statement, shape, signal);
    case 'userManagement':
      return runUserManagement(statements, statement, shape, signal);
    case 'unlockTables':
      // It ends a transaction where tables are locked, which they never are here.
      answerOk(statements, statement);
      return;
    case 'empty':
      if (/^\s*$/.test(statement.parsed.sql.toString('latin1'))) {
        throw clientError('emptyStatement', 'Query was empty');
      }
      // A comment alone, by which drivers ask whether the connection lives, and with which texts end.
      answerOk(statements, statement);
      return;
    case 'select':
    case 'do':
      return statements.runText(statement.parsed.sql, { kind: 'anywhere', shard: null }, statement, signal);
    case 'setRole':
      throw refuseFeature('setRole');
    case 'explainConnection':
      throw refuseFeature('explainConnection');
    case 'lockTables':
      throw refuseFeature('lockTables');
    case 'handler':
      throw refuseFeature('handler');
    case 'xa':
      throw refuseFeature('xa');
    case 'prepare':
      runPrepare(statements, statement, shape);
      return;
    case 'execute':
      return runExecute(statements, statement, shape, signal);
    case 'executeImmediate':
      return runExecuteImmediate(statements, statement, shape, signal);
    case 'deallocate':
      runDeallocate(statements, statement, shape);
      return;
    case 'explain':
    case 'insert':
    case 'update':
    case 'delete':
    case 'definition':
    case 'loadData':
    case 'call':
    case 'maintenance':
    case 'administration':
      throw new RangeError(`routing decides about ${shape.kind}`);
    case 'unknown':
      throw clientError('syntax', `Shardwright does not understand this statement: ${shape.reason}`);
    default:
      return assertNever(shape);
  }
}

/** Makes a keyspace, or a schema of the server, the current database. Throws ClientError where there is none. */
export function useSchema({ execution }: SessionStatements, schema: string): void {
  const isSystem = SYSTEM_SCHEMAS.has(schema.toLowerCase());
  if (!isSystem && !execution.topology().keyspaces.has(schema)) {
    throw clientError('unknownDatabase', `Unknown database '${schema}'`);
  }
  execution.session.schema = isSystem ? schema.toLowerCase() : schema;
}
