/** Making connections to servers. */
import { createStatementKiller } from './kill-statement.ts';
import { ServerConnection } from './server-connection.ts';
import { logIn, type LoginOptions } from './server-login.ts';
import type { StatementAllowance } from './statement-allowance.ts';

export interface ConnectBackendOptions extends LoginOptions {
  /** Prepared statements that a connection keeps open for later. */
  readonly preparedStatements: number;
  /** What it may keep beyond them. */
  readonly sharedStatements: StatementAllowance;
}

/** Connects and logs in; see `logIn` for what it rejects with. */
export async function connectBackend(
  options: ConnectBackendOptions,
  signal: AbortSignal,
): Promise<ServerConnection> {
  const { server, user, traits, preparedStatements, sharedStatements } = options;
  const session = await logIn(options, signal);
  // A user may always end what is his own.
  const killer = createStatementKiller((killSignal) => connectBackend(options, killSignal), server.pod);
  return new ServerConnection(session, {
    server,
    user,
    traits,
    killer,
    preparedStatements,
    sharedStatements,
  });
}
