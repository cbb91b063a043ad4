/** What of its rebalances a cluster tells. Pure. */
import type { RebalancePhase, ShardRebalance } from '../../../api/v1alpha1/index.ts';

/** What is told of the rebalance that matters most now. */
export interface RebalanceSummary {
  readonly name: string;
  readonly phase: RebalancePhase;
  /** A sentence for people. */
  readonly message: string;
  /** Moves that are cut over, of all: `12/86`; empty before there is a plan. */
  readonly moves: string;
}

/** Phases from what says the most to what says the least. */
const RANK: Readonly<Record<RebalancePhase, number>> = {
  Running: 0,
  Held: 1,
  Soaking: 2,
  AwaitingApproval: 3,
  Planned: 4,
  Failed: 5,
  Cancelled: 6,
  RolledBack: 6,
  Completed: 6,
};

/** The rebalance to tell of: one that is under way, else one that waits, else the last that has ended; null for none. */
export function summariseRebalances(rebalances: readonly ShardRebalance[]): RebalanceSummary | null {
  const known = rebalances.map(({ metadata, status }) => ({
    name: metadata.name,
    phase: status?.phase ?? ('Planned' as const),
    message: status?.message ?? 'A plan is being made.',
    moves: status?.summary?.moves ?? '',
    createdAt: metadata.creationTimestamp ?? '',
  }));
  const open = known.filter(({ phase }) => RANK[phase] < RANK.Failed);
  const candidates = open.length > 0 ? open : known;
  const [first] = candidates.toSorted(
    (left, right) =>
      (open.length > 0 ? RANK[left.phase] - RANK[right.phase] : 0) ||
      (left.createdAt < right.createdAt ? 1 : -1),
  );
  if (first === undefined) {
    return null;
  }
  const { name, phase, message, moves } = first;
  return { name, phase, message, moves };
}

/** Phase and progress for a column of `kubectl get`. */
export function rebalanceText(rebalance: RebalanceSummary | null): string {
  return rebalance === null || RANK[rebalance.phase] >= RANK.Failed
    ? '-'
    : `${rebalance.phase} ${rebalance.moves}`.trim();
}
