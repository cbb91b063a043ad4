import type { ShardedClusterStatus } from '../../../api/v1alpha1/index.ts';
import { sameContent } from '../same-content.ts';

/** Figures are written no more often than this. Verdicts are written at once. */
export const FIGURES_INTERVAL_MILLISECONDS = 60_000;

/** The same while an instance is cloned, or nothing is known yet of one that serves: somebody may be waiting for it. */
export const AWAITED_INTERVAL_MILLISECONDS = 5000;

/** Whether to write a status now. */
export type StatusWrite =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'write' }
  /** Only figures differ; write them in so long. */
  | { readonly kind: 'later'; readonly milliseconds: number };

/**
 * Decides whether `next` is worth a write. `sinceLastWrite` is the time in milliseconds since this process last
 * wrote the status, `undefined` when it never has.
 */
export function decideStatusWrite(
  previous: ShardedClusterStatus | undefined,
  next: ShardedClusterStatus,
  sinceLastWrite: number | undefined,
): StatusWrite {
  if (previous !== undefined && sameContent(withoutNulls(previous), withoutNulls(next))) {
    return { kind: 'nothing' };
  }
  if (
    previous === undefined ||
    !sameContent(withoutNulls(withoutFigures(previous)), withoutNulls(withoutFigures(next)))
  ) {
    return { kind: 'write' };
  }
  const interval = Math.min(figuresInterval(previous), figuresInterval(next));
  const wait = interval - (sinceLastWrite ?? interval);
  return wait <= 0 ? { kind: 'write' } : { kind: 'later', milliseconds: wait };
}

/** Milliseconds from one write of figures to the next. */
export function figuresInterval({ shards = [] }: ShardedClusterStatus): number {
  const isAwaited = shards.some(({ instances = [] }) =>
    instances.some(
      ({ clone, healthy, lagSeconds }) => clone !== undefined || (healthy && typeof lagSeconds !== 'number'),
    ),
  );
  return isAwaited ? AWAITED_INTERVAL_MILLISECONDS : FIGURES_INTERVAL_MILLISECONDS;
}

/** Null stands for unknown, as absence does; an API server may make one of the other. */
function withoutNulls(status: object): unknown {
  return JSON.parse(JSON.stringify(status, (_, value: unknown) => (value === null ? undefined : value)));
}

/** The part of a status that does not change by itself from second to second. */
function withoutFigures({ summary, shards, ...rest }: ShardedClusterStatus) {
  return {
    ...rest,
    summary: { ...summary, lag: '' },
    shards: shards?.map(({ instances, ...shard }) => ({
      ...shard,
      maxLagSeconds: undefined,
      instances: instances?.map(({ pod, role, healthy, error }) => ({ pod, role, healthy, error })),
    })),
  };
}
