/**
 * The beginning of a planned change of the primary: it is closed for writes and its successor brought level, so that
 * the promotion that follows has nothing left to do but to change the roles. Nothing rests on it: a promotion decides by
 * the positions of all members, whatever was agreed here.
 */
import type { Position } from '../../engines/position.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { SendCommand } from './fence-members.ts';

/** Who hands over to whom. */
export interface Handover {
  readonly from: string;
  readonly to: string;
  /** The epoch that is to end. */
  readonly epoch: number;
  /** What the primary had when it was last seen; null where that is not known. */
  readonly reached: Position | null;
}

/**
 * `ready`: the successor has applied everything up to `position`, where the primary ends. That stays closed for a while,
 * counted from a moment after `closedAt` (monotonic milliseconds).
 */
export type HandoverOutcome =
  | { readonly kind: 'ready'; readonly position: Position; readonly closedAt: number }
  | { readonly kind: 'undone'; readonly message: string };

/** How long transactions under way may take to end. Nothing is written meanwhile. */
const CLOSE_MILLISECONDS = 1500;

/** How long the successor may take to apply the rest, likewise. */
const CATCH_UP_MILLISECONDS = 2000;

/** For the way there and back, beyond what the agent itself may take. */
const WAY_MILLISECONDS = 500;

/** The primary opens by itself after so long: what is above, and a write of the map. */
export const HOLD_MILLISECONDS = CLOSE_MILLISECONDS + CATCH_UP_MILLISECONDS + 1500;

/** An order to open again that is not answered by then is not needed: the primary opens by itself. */
const REOPEN_MILLISECONDS = 1000;

/**
 * Closes the primary, as soon as its successor is level with what it had a moment ago, and waits until that has everything.
 * When that does not succeed, the primary opens again and the reason is returned. Rejects only when the signal aborts; the primary then opens by itself.
 */
export async function handOver(
  { from, to, epoch, reached }: Handover,
  { send, clock }: { readonly send: SendCommand; readonly clock: Pick<Clock, 'monotonic'> },
  signal: AbortSignal,
): Promise<HandoverOutcome> {
  /** Why the successor does not have everything up to there; null where it has. */
  const wait = async (position: Position): Promise<string | null> => {
    const timeoutMilliseconds = CATCH_UP_MILLISECONDS;
    const request = { command: 'awaitApplied', epoch, position, timeoutMilliseconds } as const;
    try {
      const deadline = timeoutMilliseconds + WAY_MILLISECONDS;
      const answer = await send<'awaitApplied'>(to, request, deadline, signal);
      return answer.reached
        ? null
        : `${to} had not applied everything within ${timeoutMilliseconds / 1000} s.`;
    } catch (error) {
      signal.throwIfAborted();
      return `${to} did not tell that it has applied everything: ${messageOf(error)}.`;
    }
  };
  // What it lacks now it need not make up for while nothing is written.
  const early = reached === null ? null : await wait(reached);
  if (early !== null) {
    return { kind: 'undone', message: early };
  }
  const undo = async (message: string): Promise<HandoverOutcome> => {
    await reopen(from, epoch, send, signal);
    return { kind: 'undone', message };
  };
  const closedAt = clock.monotonic();
  let position: Position;
  try {
    const close = {
      command: 'closeWrites',
      epoch,
      timeoutMilliseconds: CLOSE_MILLISECONDS,
      holdMilliseconds: HOLD_MILLISECONDS,
    } as const;
    ({ position } = await send<'closeWrites'>(from, close, CLOSE_MILLISECONDS + WAY_MILLISECONDS, signal));
  } catch (error) {
    signal.throwIfAborted();
    return undo(`The primary ${from} could not be closed for writes: ${messageOf(error)}.`);
  }
  const late = await wait(position);
  return late === null ? { kind: 'ready', position, closedAt } : undo(late);
}

/** Has the primary take writes again at once; where that order does not arrive, it does so by itself, later. */
async function reopen(from: string, epoch: number, send: SendCommand, signal: AbortSignal): Promise<void> {
  try {
    await send<'reopenWrites'>(from, { command: 'reopenWrites', epoch }, REOPEN_MILLISECONDS, signal);
  } catch {
    signal.throwIfAborted();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/[.]$/u, '') : String(error);
}
