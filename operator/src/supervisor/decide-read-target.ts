import type { ReadTarget } from '../core/instance-report.ts';

/** Where reads go, and since when the other way has looked better. */
export interface ReadRouting {
  /** Undefined until it was first decided: it then stays as somebody else left it. */
  readonly target: ReadTarget | undefined;
  /** Since when the decision would be another; monotonic milliseconds, null while it would not. */
  readonly changingSince: number | null;
}

/** The state before the first decision. */
export const NOT_ROUTED: ReadRouting = { target: undefined, changingSince: null };

/** No replica must be fit for so long before the primary gets their reads: a blip must not load it. */
const FALL_BACK_AFTER_MILLISECONDS = 1000;
/** And one must be fit for so long before they go back. */
const RETURN_AFTER_MILLISECONDS = 5000;

/** What reads are routed by. */
export interface ReadRoutingInput {
  /** `spec.readService.fallbackToPrimary` */
  readonly fallbackToPrimary: boolean;
  readonly fitReplicas: number;
  /** Whether some replica has not told how it is. */
  readonly isUncertain: boolean;
  /** Monotonic milliseconds. */
  readonly now: number;
}

/** The next routing after `previous`. Pure. */
export function decideReadTarget(previous: ReadRouting, input: ReadRoutingInput): ReadRouting {
  const { fallbackToPrimary, fitReplicas, isUncertain, now } = input;
  const wanted: ReadTarget = fitReplicas === 0 && fallbackToPrimary ? 'primary' : 'replica';
  if (wanted === previous.target || (wanted === 'primary' && isUncertain && previous.target === undefined)) {
    return { target: previous.target, changingSince: null };
  }
  const since = previous.changingSince ?? now;
  const delay = wanted === 'primary' ? FALL_BACK_AFTER_MILLISECONDS : RETURN_AFTER_MILLISECONDS;
  return !fallbackToPrimary || now - since >= delay
    ? { target: wanted, changingSince: null }
    : { target: previous.target, changingSince: since };
}
