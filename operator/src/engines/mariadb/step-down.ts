/** Turning a closed primary into a member that any other may lead, without a restart of its server. */
import { EngineError } from '../engine-error.ts';
import type { Position } from '../position.ts';
import { endSessions, SESSIONS_OF_OTHERS } from './end-sessions.ts';
import { mariadbPositions, toPosition } from './gtid.ts';
import { appliedOf } from './observe.ts';
import { STATEMENT_TIMEOUT_MILLISECONDS } from './roles.ts';
import type { ServerAccess } from './server-access.ts';
import type { ServerFacts } from './server-facts.ts';
import { numberOf } from './slave-status.ts';

/** Sessions end when they next look whether they should: idle ones at once. Whoever takes longer is in the way. */
const SESSIONS_MILLISECONDS = 300;
const POLL_MILLISECONDS = 3;

/** The agent's are among them: what it does for moves may write while a server is closed. */
const SESSIONS = `SELECT ID AS id FROM information_schema.PROCESSLIST WHERE ${SESSIONS_OF_OTHERS}`;

/**
 * See Roles.stepDown. The order matters. A session that is ended while its commit waits for an acknowledgement commits without
 * one, and so does every commit once the rule is dropped: first nobody may be waiting, then nobody may be there, and at
 * the end the log must still be where everybody thinks it is.
 */
export async function stepDown(server: ServerAccess, end: Position, signal: AbortSignal): Promise<void> {
  requireAtRest(await server.facts(signal), end);
  await endAll(server, signal);
  requireAtRest(await server.facts(signal), end);
  const sql = 'SET GLOBAL rpl_semi_sync_master_enabled = OFF';
  await server.run('drop the rule of acknowledgements', sql, [], STATEMENT_TIMEOUT_MILLISECONDS, signal);
}

function requireAtRest(facts: ServerFacts, end: Position): void {
  const { readOnly, slave, status } = facts;
  if (!readOnly || slave !== undefined) {
    throw new EngineError('Refused', 'only a primary that is closed for writes can step down');
  }
  const position = toPosition(appliedOf(facts));
  if (mariadbPositions.compare(position, end) !== 'equal') {
    throw new EngineError('Refused', `its log ends at ${position}, not at ${end}`);
  }
  if (status.get('Rpl_semi_sync_master_wait_sessions') !== '0') {
    throw new EngineError('Refused', 'a commit waits for its acknowledgement');
  }
}

/** Ends all sessions but our own, and waits until they have ended. Newcomers find the server closed. */
async function endAll(server: ServerAccess, signal: AbortSignal): Promise<void> {
  const deadline = server.clock.monotonic() + SESSIONS_MILLISECONDS;
  const found = await sessionsOf(server, signal);
  await endSessions(server, found, signal);
  for (let left = found; left.length > 0;) {
    const present = new Set(await sessionsOf(server, signal));
    left = found.filter((id) => present.has(id));
    if (left.length > 0 && server.clock.monotonic() >= deadline) {
      throw new EngineError('Timeout', `${left.length} sessions have not ended`);
    }
    await (left.length > 0 ? server.clock.sleep(POLL_MILLISECONDS, signal) : undefined);
  }
}

async function sessionsOf(server: ServerAccess, signal: AbortSignal): Promise<readonly number[]> {
  const rows = await server.run('read sessions', SESSIONS, [], STATEMENT_TIMEOUT_MILLISECONDS, signal);
  const own = server.ownConnections();
  return rows.map((row) => numberOf(row, 'id')).filter((id) => !own.includes(id));
}
