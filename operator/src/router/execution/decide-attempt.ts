/** What becomes of a statement whose attempt failed. */
import { assertNever } from '../../runtime/assert-never.ts';
import { BackendError } from '../backend/backend-error.ts';
import type { Access } from '../routing/route.ts';
import type { Server } from '../topology/servers.ts';
import type { HoldReason } from '../topology/statement-hold.ts';
import { classifyBackendError, type Verdict } from './classify-failure.ts';
import { clientError } from './errors.ts';
import type { HoldingSink } from './shard-request.ts';

/** An attempt that failed. */
export interface FailedAttempt {
  readonly server: Server;
  readonly user: string;
  /** Statements before it are lost with it. */
  readonly inTransaction: boolean;
  /** Undefined where nothing was sent. */
  readonly sent: { readonly sink: HoldingSink; readonly access: Access } | undefined;
}

/** After an error that was thrown; see {@link decideAttempt}. Throws what is no BackendError as it is. */
export function decideThrown(error: unknown, failed: FailedAttempt): HoldReason {
  if (!(error instanceof BackendError)) {
    throw error;
  }
  return decideAttempt(classifyBackendError(error), error, failed);
}

/** Returns what to wait for where the statement may be sent again. Throws what the client is told otherwise. */
export function decideAttempt(verdict: Verdict, cause: unknown, failed: FailedAttempt): HoldReason {
  const { server, user, inTransaction, sent } = failed;
  switch (verdict.kind) {
    case 'final':
      throw cause;
    case 'denied':
      throw clientError(
        'accessDenied',
        `Access denied for user '${user}' at the servers of the cluster`,
        cause,
      );
    case 'again':
    case 'full':
      if (inTransaction) {
        throw transactionLost(`${server.pod} is no longer the primary of its shard`, cause);
      }
      return noPrimary(server.shard, cause);
    case 'unknown':
      if (inTransaction) {
        throw transactionLost(`${server.pod} is no longer the primary of its shard`, cause);
      }
      if (sent?.access.mode === 'read' && !sent.sink.hasBegun) {
        return noPrimary(server.shard, cause);
      }
      throw clientError(
        'answerLost',
        `The answer of ${server.pod} was lost: the statement may or may not have been executed; look before repeating it`,
        cause,
      );
    default:
      return assertNever(verdict);
  }
}

/** A shard has nobody to run a statement. */
export function noPrimary(shard: number, error?: unknown): HoldReason {
  return { cause: 'NoPrimary', message: `shard ${shard} has no usable primary`, error };
}

/** What the client is told whose transaction is gone; drivers begin it anew. */
export function transactionLost(because: string, cause: unknown): Error {
  return clientError(
    'transactionLost',
    `The transaction was rolled back, since ${because}; try restarting transaction`,
    cause,
  );
}
