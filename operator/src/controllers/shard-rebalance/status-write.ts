/** Whether a status is worth a write. Pure. */
import type { ShardRebalanceStatus } from '../../api/v1alpha1/index.ts';

/** Figures are written so often while moves copy; milliseconds. */
const RUNNING_INTERVAL_MILLISECONDS = 3000;
/** And so often otherwise. */
const QUIET_INTERVAL_MILLISECONDS = 60_000;

/** What to do with a status. */
export type StatusWrite =
  | { readonly kind: 'keep' }
  | { readonly kind: 'write' }
  /** Only figures differ, and it is too soon for them. */
  | { readonly kind: 'later'; readonly milliseconds: number };

/** Decides. `since`: milliseconds since this process last wrote it; undefined when it has not. */
export function decideStatusWrite(
  stored: ShardRebalanceStatus | undefined,
  next: ShardRebalanceStatus,
  since: number | undefined,
): StatusWrite {
  if (text(stored ?? {}) === text(next)) {
    return { kind: 'keep' };
  }
  if (stored === undefined || text(withoutFigures(stored)) !== text(withoutFigures(next))) {
    return { kind: 'write' };
  }
  const interval = figuresInterval(next);
  const wait = interval - (since ?? interval);
  return wait <= 0 ? { kind: 'write' } : { kind: 'later', milliseconds: wait };
}

/** Milliseconds from one write of figures to the next. */
export function figuresInterval({ progress }: ShardRebalanceStatus): number {
  return (progress?.running ?? 0) > 0 ? RUNNING_INTERVAL_MILLISECONDS : QUIET_INTERVAL_MILLISECONDS;
}

/** Text that is the same whatever the order of fields. */
function text(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : part,
  );
}

/** The part that does not change by itself from second to second. */
function withoutFigures({
  moves,
  progress,
  summary,
  message: _message,
  soakEndsAt: _soak,
  ...rest
}: ShardRebalanceStatus) {
  const { total, pending, running, soaking, done, undone, failed, longestPauseMilliseconds } = progress ?? {};
  return {
    ...rest,
    moved: summary?.moves,
    progress: { total, pending, running, soaking, done, undone, failed, longestPauseMilliseconds },
    moves: moves?.map(({ id, phase, attempt, pauseMilliseconds, error, stage }) => ({
      id,
      phase,
      attempt,
      pauseMilliseconds,
      error,
      stage,
    })),
  };
}
