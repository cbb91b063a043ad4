import { BANK, SLOT_DATABASES } from '../clients/tables.ts';
import { openMemberSession } from '../stage/member-session.ts';
import type { FaultContext } from './fault.ts';

/** Takes row locks on every replica that keep it from applying what it receives. Resolves with what lets them go. */
export async function holdBackReplicas({
  stage,
  before,
  onUndo,
}: Pick<FaultContext, 'stage' | 'before' | 'onUndo'>): Promise<() => void> {
  const sessions = await Promise.all(
    before.replicas.map(async (replica) => openMemberSession(stage, replica)),
  );
  const release = (): void => sessions.forEach((session) => session.close());
  onUndo(release);
  for (const session of sessions) {
    await session.query('START TRANSACTION');
    // A shared lock: an exclusive one is refused by a read-only server.
    await session.query(`SELECT * FROM ${SLOT_DATABASES.of(BANK)}.chaos_accounts LOCK IN SHARE MODE`);
  }
  return release;
}
