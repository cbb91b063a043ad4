/** Changing whom a member follows, or that it follows anybody. Each may be cut short anywhere and done again. */
import type { Acknowledgement } from '../engines/boot.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { EngineError } from '../engines/engine-error.ts';
import type { MemberSession } from '../engines/member-session.ts';
import type { Source } from '../engines/source.ts';

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

/** What a promotion works with. */
export interface PromotionContext {
  readonly session: MemberSession;
  /** Reads the map anew, and tells whether it still names this member. */
  readonly isCurrent: () => Promise<boolean>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Makes a replica the primary and opens it, as soon as a replica is connected that acknowledges where that is asked
 * for, unless the map has moved on: a promotion that was overtaken must not open anything. A server that stays closed
 * is for the loop to go on with. How long each step took is logged, in milliseconds.
 */
export async function promote(
  { session, isCurrent, clock, logger }: PromotionContext,
  { epoch, acknowledgement }: PromotionOrder,
  signal: AbortSignal,
): Promise<Outcome> {
  const times = [clock.monotonic()];
  if (!(await drain(session, signal))) {
    return 'again';
  }
  times.push(clock.monotonic());
  await session.becomePrimary(acknowledgement, signal);
  times.push(clock.monotonic());
  const [isAcknowledged, mayOpen] = await Promise.all([
    acknowledgement === 'none' || session.awaitAcknowledger(ACKNOWLEDGER_MILLISECONDS, signal),
    isCurrent(),
  ]);
  times.push(clock.monotonic());
  const isOpen = isAcknowledged && mayOpen;
  if (isOpen) {
    await session.openWrites(epoch, signal);
  }
  times.push(clock.monotonic());
  const [drained, changed, acknowledged, opened] = times
    .slice(1)
    .map((time, index) => Math.round(time - (times[index] ?? time)));
  logger.info('promoted', { epoch, isOpen, drained, changed, acknowledged, opened });
  return 'done';
}

/** Opens a member that has become the primary; where it `awaitsReplica`, once one acknowledges. */
export async function openWrites(
  session: MemberSession,
  { epoch, awaitsReplica }: { readonly epoch: number; readonly awaitsReplica?: true },
  signal: AbortSignal,
): Promise<Outcome> {
  if (awaitsReplica && !(await session.awaitAcknowledger(ACKNOWLEDGER_MILLISECONDS, signal))) {
    return 'again';
  }
  await session.openWrites(epoch, signal);
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
