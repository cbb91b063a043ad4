import type { Statement } from '../statement.ts';
import { refuseFeature } from '../errors.ts';
import type { SessionStatements } from './session-statements.ts';

/** CREATE USER, GRANT and the like, on every shard. */
export async function runUserManagement(
  _statements: SessionStatements,
  _statement: Statement,
  _signal: AbortSignal,
): Promise<void> {
  throw refuseFeature('userManagement');
}
