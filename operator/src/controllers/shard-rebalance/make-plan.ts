/** The plan of a ShardRebalance, from what is known of its cluster. Pure. */
import type { ShardRebalancePlan, ShardRebalanceSpec } from '../../api/v1alpha1/index.ts';
import {
  planRebalance,
  type PlanVerdict,
  type RebalancePurpose,
} from '../../core/rebalance/plan-rebalance.ts';
import type { DatabaseObstacle } from '../../core/move-view.ts';
import { orderMoves } from '../../core/rebalance/move-groups.ts';
import { databaseOfMove } from '../../core/rebalance/planned-move.ts';
import { weightsByShard } from '../../core/keyspace/placement/weights.ts';
import type { ClusterObservation } from './observe.ts';

/** What became of planning. */
export type PlanOutcome =
  | { readonly kind: 'planned'; readonly plan: ShardRebalancePlan }
  | { readonly kind: 'refused'; readonly message: string };

/** Plans what a spec asks for. */
export function makePlan(
  spec: Pick<ShardRebalanceSpec, 'scale' | 'moves' | 'split'>,
  observation: Pick<ClusterObservation, 'cluster' | 'map' | 'shards' | 'inspection' | 'now'>,
): PlanOutcome {
  const verdict = verdictOn(purposeOf(spec), observation);
  if (verdict.kind !== 'planned') {
    return { kind: 'refused', message: verdict.message };
  }
  return {
    kind: 'planned',
    plan: {
      plannedAt: timeOf(observation.now),
      mapRevision: observation.map.revision,
      ...verdict.plan,
    },
  };
}

/** RFC 3339 in whole seconds, of milliseconds since the epoch. */
export function timeOf(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

function purposeOf({
  scale,
  split,
  moves = [],
}: Pick<ShardRebalanceSpec, 'scale' | 'moves' | 'split'>): RebalancePurpose {
  if (split !== undefined) {
    return { kind: 'split', split };
  }
  return scale === undefined ? { kind: 'moves', moves } : { kind: 'scale', shards: scale.shards };
}

function verdictOn(
  purpose: RebalancePurpose,
  { cluster, map, shards, inspection }: Pick<ClusterObservation, 'cluster' | 'map' | 'shards' | 'inspection'>,
): PlanVerdict {
  const obstacles = Map.groupBy(inspection?.obstacles ?? [], ({ database }) => database);
  return planRebalance({
    purpose,
    keyspaces: map.keyspaces ?? [],
    shards: map.shards.map(({ number }) => number),
    weights: weightsByShard(cluster.spec.shardWeights),
    measures: new Map(
      shards.flatMap(({ databases }) =>
        (databases ?? []).map((measured) => [
          measured.database,
          { ...measured, ...asMeasures(obstacles.get(measured.database) ?? []) },
        ]),
      ),
    ),
    freeBytes: new Map(
      shards.flatMap(({ number, freeBytes }) => (freeBytes === null ? [] : [[number, freeBytes] as const])),
    ),
    longTransactions: shards.flatMap(({ number, longestTransactionSeconds: seconds }) =>
      seconds === null || seconds < LONG_TRANSACTION_SECONDS ? [] : [{ shard: number, seconds }],
    ),
    notInspected: inspection?.silent ?? [],
    speed: cluster.spec.rebalance,
    inUse: map.moves ?? [],
  });
}

/** Obstacles by what plans warn of. */
function asMeasures(obstacles: readonly DatabaseObstacle[]) {
  const tables = (problem: string): string[] =>
    obstacles.flatMap((each) => (each.problem === problem && each.object !== null ? [each.object] : []));
  return {
    tablesWithoutPrimaryKey: tables('NoPrimaryKey'),
    tablesNotTransactional: tables('StorageEngine'),
    tablesReferringElsewhere: tables('ForeignKeyLeaves'),
    otherObstacles: obstacles.flatMap(({ problem, message }) =>
      ['NoPrimaryKey', 'StorageEngine', 'ForeignKeyLeaves'].includes(problem) ? [] : [message],
    ),
  };
}

/** Databases that a plan moves, by the shard that gives them. Reference tables are only copied, by the same rules. */
export function databasesByGiver({
  moves,
}: Pick<ShardRebalancePlan, 'moves'>): ReadonlyMap<number, readonly string[]> {
  const planned = Map.groupBy(orderMoves(moves), ({ from }) => from);
  return new Map([...planned].map(([from, group]) => [from, [...new Set(group.map(databaseOfMove))]]));
}

/** A transaction that has been open for so long will outlast the patience of a cut-over. */
const LONG_TRANSACTION_SECONDS = 10;
