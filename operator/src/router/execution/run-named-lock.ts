import { BackendError } from '../backend/backend-error.ts';
import { clientError } from './errors.ts';
import type { Execution } from './execution.ts';
import { RelaySink } from './relay-sink.ts';
import type { Statement } from './statement.ts';

/**
 * Runs a statement about named locks on the primary of the shard with the lowest number, where all sessions of all routers
 * take theirs. The connection is kept for the session: the lock is free when it ends, or when that shard gets another primary.
 */
export async function runNamedLock(
  execution: Execution,
  { parsed, answer, hasMore }: Statement,
  text: Buffer,
  signal: AbortSignal,
): Promise<void> {
  const { environment, session } = execution;
  const [shard] = [...execution.topology().shards.values()].toSorted(
    (one, other) => one.number - other.number,
  );
  const server = shard?.primary;
  if (server === undefined) {
    throw clientError('timeOut', 'The shard that keeps named locks has no primary; try again');
  }
  const surroundings = { variables: session.variables };
  if (session.lockLoan?.connection.failure !== undefined) {
    session.releaseLocks();
    throw clientError('answerLost', 'The connection that held named locks was lost, and the locks with it');
  }
  if (session.lockLoan === undefined) {
    const { user, credential, traits } = session;
    session.lockLoan = await environment.pools.lend(
      { server, user, credential, traits, surroundings },
      signal,
    );
    environment.metrics.pinned('named lock');
  }
  const { keyspaces } = execution.topology();
  const sink = new RelaySink(answer, () => execution.answerEnd(hasMore), keyspaces, signal);
  try {
    const { completion } = await session.lockLoan.connection.query(text, sink, surroundings, signal);
    execution.succeeded(completion, undefined, parsed.shape.kind);
  } catch (error) {
    session.releaseLocks();
    if (error instanceof BackendError && !signal.aborted) {
      throw clientError(
        'answerLost',
        'The connection for named locks was lost, and the locks with it',
        error,
      );
    }
    throw error;
  }
  if (sink.failure !== undefined) {
    execution.failed();
    answer.packet(sink.failure.payload);
  }
}
