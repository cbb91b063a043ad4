import type { BackendPools } from '../backend/backend-pool.ts';
import type { BackendServer, ConnectionTraits } from '../backend/backend-connection.ts';
import { BackendError } from '../backend/backend-error.ts';
import { type CollectedResult, CollectingSink, type TextRow } from '../execution/collecting-sink.ts';
import { INITIAL_VARIABLES } from '../session/session-variables.ts';

/** The account that a router reads with what it needs itself. Never used for a client's statement. */
export interface OwnAccount {
  readonly username: string;
  readonly password: string;
}

/** A server refused a statement of the router's own. */
export class OwnStatementError extends Error {
  override readonly name = 'OwnStatementError';
  readonly code = 'OwnStatement';
  readonly errno: number;

  constructor(pod: string, errno: number, message: string) {
    super(`${pod} answered ${errno}: ${message}`);
    this.errno = errno;
  }
}

/** How own connections behave. */
export const PLAIN_TRAITS: ConnectionTraits = {
  foundRows: true,
  extendedMetadata: false,
  localFiles: false,
  generation: '',
};

/** Runs statements as the router's own account. */
export interface OwnStatements {
  /** Rows of the last result, as text. Rejects with BackendError and {@link OwnStatementError}. */
  query(server: BackendServer, statement: string, signal: AbortSignal): Promise<readonly TextRow[]>;
  /** The last result. */
  run(server: BackendServer, statement: string, signal: AbortSignal): Promise<CollectedResult>;
}

/** `account` is asked for each time: the file it comes from changes. */
export function createOwnStatements(pools: BackendPools, account: () => OwnAccount): OwnStatements {
  const run = async (
    server: BackendServer,
    statement: string,
    signal: AbortSignal,
  ): Promise<CollectedResult> => {
    const { username, password } = account();
    const loan = await pools.lend(
      {
        server,
        user: username,
        credential: { kind: 'password', password },
        traits: PLAIN_TRAITS,
        surroundings: { variables: INITIAL_VARIABLES },
      },
      signal,
    );
    const sink = new CollectingSink();
    try {
      await loan.connection.query(Buffer.from(statement), sink, { variables: INITIAL_VARIABLES }, signal);
    } finally {
      loan.giveBack({ clean: true });
    }
    if (sink.failure !== undefined) {
      throw new OwnStatementError(server.pod, sink.failure.error.errno, sink.failure.error.message);
    }
    const result = sink.results.at(-1);
    if (result === undefined) {
      throw new BackendError('ProtocolViolation', 'an answer without a result', { execution: 'Answered' });
    }
    return result;
  };
  return { run, query: async (server, statement, signal) => (await run(server, statement, signal)).rows };
}
