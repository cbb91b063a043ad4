import { EngineError } from '../../engine-error.ts';
import { KEYSPACE_ROLE_PREFIX } from '../keyspace-roles.ts';
import { schemaPattern } from '../privileges.ts';
import type { RowSession } from './row-session.ts';
import { stringLiteral } from './tables.ts';

/**
 * Throws EngineError `Refused` unless the server takes writes and no role of a keyspace has rights on the database: what
 * users may use is served here, and nothing of a move may drop it, whatever it was told.
 */
export async function requireUnused(
  session: RowSession,
  database: string,
  signal: AbortSignal,
): Promise<void> {
  const pattern = schemaPattern(database).slice(1, -1);
  const [row] = await session.query(
    'look who may use the database',
    `SELECT @@global.read_only, (SELECT COUNT(*) FROM mysql.db WHERE Host = '' AND Db = ${stringLiteral(pattern)}
        AND LEFT(User, ${KEYSPACE_ROLE_PREFIX.length}) = '${KEYSPACE_ROLE_PREFIX}')`,
    signal,
  );
  const [readOnly, roles] = (row ?? []).map((value) => value?.toString());
  if (readOnly !== '0') {
    throw new EngineError('Refused', 'the server takes no writes');
  }
  if (roles !== '0') {
    throw new EngineError(
      'Refused',
      `users have rights on ${database} here: it is not to be overwritten or dropped`,
    );
  }
}
