import type { BackendConnection } from './backend-connection.ts';
import { BackendError } from './backend-error.ts';
import type { StatementKiller } from './command-runner.ts';
import { NO_SINK } from './no-sink.ts';

/** The connection to be killed is gone already. */
const NO_SUCH_THREAD = 1094;

/** Kills statements over connections of the same user that `connect` makes, one for each kill. */
export function createStatementKiller(
  connect: (signal: AbortSignal) => Promise<BackendConnection>,
  pod: string,
): StatementKiller {
  const kill = async (what: 'QUERY' | 'CONNECTION', threadId: number, signal: AbortSignal): Promise<void> => {
    const connection = await connect(signal);
    try {
      // A server counts its connections from its start: the number belongs to somebody else if it was restarted.
      if (connection.threadId <= threadId) {
        return;
      }
      const { error } = await connection.query(Buffer.from(`KILL ${what} ${threadId}`), NO_SINK, {}, signal);
      if (error !== undefined && error.errno !== NO_SUCH_THREAD) {
        throw new BackendError('AccessDenied', `${pod} refused to kill: ${error.errno} ${error.message}`, {
          execution: 'Answered',
          serverError: error,
        });
      }
    } finally {
      connection.destroy(new BackendError('Retired', 'the kill is done'));
    }
  };
  return {
    killQuery: (threadId, signal) => kill('QUERY', threadId, signal),
    killConnection(threadId) {
      // Bounded by the login's time limit. Where it fails, the server ends the statement when it notices that nobody listens.
      kill('CONNECTION', threadId, new AbortController().signal).catch(() => {});
    },
  };
}
