import { EngineError } from '../engine-error.ts';
import type { ServerAccess } from './server-access.ts';

/**
 * Throws EngineError `Refused` on a replica, for what is to be changed there comes from its primary. Returns what to call
 * before each change: it throws the same where a commit would wait for a replica and none is connected.
 */
export async function requireWritablePrimary(
  server: ServerAccess,
  what: string,
  signal: AbortSignal,
): Promise<() => void> {
  const facts = await server.facts(signal);
  if (facts.slave !== undefined) {
    throw new EngineError('Refused', `${what} of a replica come from its primary`);
  }
  const wouldHang = facts.semiSyncMaster && facts.status.get('Rpl_semi_sync_master_clients') === '0';
  return () => {
    if (wouldHang) {
      throw new EngineError('Refused', 'commits wait for a replica, and none is connected');
    }
  };
}
