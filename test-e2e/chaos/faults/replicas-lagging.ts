import { setTimeout as delay } from 'node:timers/promises';
import { SCHEMA } from '../clients/tables.ts';
import { openMemberSession } from '../stage/member-session.ts';
import { signalPod } from '../stage/pod-processes.ts';
import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';

const LAG_MILLISECONDS = 3000;
const AFTERWARDS_MILLISECONDS = 500;

export const replicasLagging: Fault = {
  name: 'replicas-lagging',
  description:
    'row locks keep all replicas from applying for 3 s, the primary’s server gets SIGKILL, and 0.5 s later the locks go',
  expects: 'promotion',
  touches: primaryNode,
  async inject({ stage, before, onUndo }) {
    const sessions = await Promise.all(
      before.replicas.map(async (replica) => openMemberSession(stage, replica)),
    );
    const release = (): void => sessions.forEach((session) => session.close());
    onUndo(release);
    for (const session of sessions) {
      await session.query('START TRANSACTION');
      // A shared lock: an exclusive one is refused by a read-only server.
      await session.query(`SELECT * FROM ${SCHEMA}.chaos_accounts LOCK IN SHARE MODE`);
    }
    await delay(LAG_MILLISECONDS);
    signalPod(before.primary.uid, 'server', 'SIGKILL');
    await delay(AFTERWARDS_MILLISECONDS);
    release();
  },
};
