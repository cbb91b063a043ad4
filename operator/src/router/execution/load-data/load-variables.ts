import type { BackendConnection } from '../../backend/backend-connection.ts';
import type { Session } from '../../session/session.ts';
import { CollectingSink } from '../collecting-sink.ts';

/**
 * Gives the user variables that LOAD DATA has read fields into the values they have for the session: what the last row left there would
 * be the next session's.
 */
export async function forgetVariables(
  { variables }: Session,
  connection: BackendConnection,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (names.length === 0) {
    return;
  }
  const assignments = [...new Set(names)].map(
    (name) => `@\`${name.replaceAll('`', '``')}\` = ${variables.values.get(`@${name}`) ?? 'NULL'}`,
  );
  await connection.query(Buffer.from(`SET ${assignments.join(', ')}`), new CollectingSink(), {}, signal);
}
