/** Sessions of clients that came over the network, and ending those that do nothing. */
import type { IdleClientsOrder } from '../member-session.ts';
import { endSessions, SESSIONS_OF_OTHERS } from './end-sessions.ts';
import { STATEMENT_TIMEOUT_MILLISECONDS } from './roles.ts';
import type { ServerAccess } from './server-access.ts';
import { numberOf, textOf } from './slave-status.ts';

/** Whoever comes by the socket is of the pod itself. */
const CLIENTS = `SELECT ID AS id, USER AS user, COMMAND = 'Sleep' AS idle FROM information_schema.PROCESSLIST
  WHERE ${SESSIONS_OF_OTHERS} AND HOST <> 'localhost'`;

/** See Roles.endIdleClients. */
export async function endIdleClients(
  server: ServerAccess,
  { besides, ids }: IdleClientsOrder,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const rows = await server.beside('read clients', CLIENTS, [], STATEMENT_TIMEOUT_MILLISECONDS, signal);
  const clients = rows
    .filter((row) => !besides.includes(textOf(row, 'user')))
    .map((row) => ({ id: numberOf(row, 'id'), isIdle: numberOf(row, 'idle') === 1 }));
  const ended = clients.filter(({ id, isIdle }) => isIdle && ids.includes(id)).map(({ id }) => id);
  await endSessions(server, ended, signal);
  return clients.map(({ id }) => id).filter((id) => !ended.includes(id));
}
