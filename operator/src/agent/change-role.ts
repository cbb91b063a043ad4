/** Changing whom a member follows, or that it follows anybody. Each may be cut short anywhere and done again. */
import type { Acknowledgement } from '../engines/boot.ts';
import { EngineError } from '../engines/engine-error.ts';
import type { MemberSession, Source } from '../engines/member-session.ts';

/** What became of an action: `again` where it has not failed, and has to go on. */
export type Outcome = 'done' | 'again';

/** Longest part of a wait for what is applied: then the map is read again, and other orders have their turn. */
const APPLY_MILLISECONDS = 500;
/** Likewise for a replica's connection. After that the loop waits for it. */
const ACKNOWLEDGER_MILLISECONDS = 300;

/** Has a member follow `source`, once it has applied what it received from another. */
export async function followSource(
  session: MemberSession,
  source: Source,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    await session.follow(source, signal);
    return 'done';
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'ReceivedNotApplied') {
      throw error;
    }
    await drain(session, signal);
    return 'again';
  }
}

/** What a promotion is to lead to. */
export interface PromotionOrder {
  readonly epoch: number;
  readonly acknowledgement: Acknowledgement;
}

/**
 * Makes a replica the primary and opens it, as soon as a replica is connected that acknowledges where that is asked
 * for. `isCurrent` reads the map anew: a promotion that was overtaken must not open anything. Without either, the
 * server stays closed, for the loop to go on with.
 */
export async function promote(
  session: MemberSession,
  { epoch, acknowledgement }: PromotionOrder,
  isCurrent: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<Outcome> {
  if (!(await drain(session, signal))) {
    return 'again';
  }
  await session.becomePrimary(acknowledgement, signal);
  const [isAcknowledged, mayOpen] = await Promise.all([
    acknowledgement === 'none' || session.awaitAcknowledger(ACKNOWLEDGER_MILLISECONDS, signal),
    isCurrent(),
  ]);
  if (isAcknowledged && mayOpen) {
    await session.openWrites(epoch, signal);
  }
  return 'done';
}

/** Stops receiving and waits for applying. Throws `ReceivedNotApplied` where nothing is being applied. */
async function drain(session: MemberSession, signal: AbortSignal): Promise<boolean> {
  const { received, applied } = await session.stopReceiving(signal);
  if (received === applied || (await session.awaitApplied(received, APPLY_MILLISECONDS, signal))) {
    return true;
  }
  const { role } = await session.observe(signal);
  if (role.kind === 'replica' && role.following.applying.kind !== 'running') {
    throw new EngineError(
      'ReceivedNotApplied',
      `received ${received}, and applying ${role.following.applying.kind}`,
    );
  }
  return false;
}
