import { AbortWatch } from '../backend/abort-watch.ts';
import type { BackendConnection } from '../backend/backend-connection.ts';
import { KilledError } from '../client/client-error.ts';
import { errorFields } from '../../runtime/logger.ts';
import type { Environment } from './environment.ts';

/**
 * KILL QUERY ends the statement and not the transaction: it is passed on to the server, whose answer is the client's. What
 * else ends a command ends its connection, and the transaction with it.
 */
export async function withinTransaction<Result>(
  { logger, signal: process }: Environment,
  connection: BackendConnection,
  signal: AbortSignal,
  body: (limit: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const limit = limitOf(connection);
  signal.throwIfAborted();
  const watch = AbortWatch.of(signal);
  const watcher = {
    aborted() {
      const reason: unknown = signal.reason;
      if (reason instanceof KilledError && reason.scope === 'query') {
        connection.cancel(process).catch((error: unknown) => {
          logger.warn('a statement could not be cancelled', errorFields(error));
          limit.abort(reason);
        });
      } else {
        limit.abort(reason);
      }
    },
  };
  watch.add(watcher);
  try {
    return await body(limit.signal);
  } finally {
    watch.remove(watcher);
  }
}

/** What ends the statement of a transaction on a connection: one for many statements, since a signal costs more than a short one. */
const limits = new WeakMap<BackendConnection, AbortController>();

function limitOf(connection: BackendConnection): AbortController {
  let limit = limits.get(connection);
  if (limit === undefined || limit.signal.aborted) {
    limit = new AbortController();
    limits.set(connection, limit);
  }
  return limit;
}
