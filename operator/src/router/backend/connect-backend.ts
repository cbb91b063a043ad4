/** Making connections to servers. */
import { createStatementKiller } from './kill-statement.ts';
import { ServerConnection } from './server-connection.ts';
import { logIn, type LoginOptions } from './server-login.ts';

export interface ConnectBackendOptions extends LoginOptions {
  /** Prepared statements that a connection keeps open for later. */
  readonly preparedStatements: number;
}

/** Connects and logs in; see `logIn` for what it rejects with. */
export async function connectBackend(
  options: ConnectBackendOptions,
  signal: AbortSignal,
): Promise<ServerConnection> {
  const { server, user, traits, preparedStatements } = options;
  const session = await logIn(options, signal);
  // A user may always end what is his own.
  const killer = createStatementKiller((killSignal) => connectBackend(options, killSignal), server.pod);
  return new ServerConnection(session, { server, user, traits, killer, preparedStatements });
}
