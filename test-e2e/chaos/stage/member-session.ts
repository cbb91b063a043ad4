import type { Session } from '../clients/session.ts';
import { openSession } from '../clients/session.ts';
import type { Stage } from './stage.ts';
import type { PodPlace } from './topology.ts';

const CONNECT_MILLISECONDS = 1500;
const STATEMENT_MILLISECONDS = 20_000;

/** A connection of the administrator to one member, from this machine. */
export async function openMemberSession(stage: Stage, pod: PodPlace): Promise<Session> {
  return openSession({
    ...stage.administrator,
    host: pod.address,
    authority: stage.authority,
    connectMilliseconds: CONNECT_MILLISECONDS,
    statementMilliseconds: STATEMENT_MILLISECONDS,
  });
}

/** Does something on a member, over a connection of its own. */
export async function onMember<T>(
  stage: Stage,
  pod: PodPlace,
  action: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openMemberSession(stage, pod);
  try {
    return await action(session);
  } finally {
    session.close();
  }
}
