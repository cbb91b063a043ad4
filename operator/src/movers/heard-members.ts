/** What the members of a cluster's shards say now, as far as it matters to moves. */
import type { V1Pod } from '@kubernetes/client-node';
import type { AgentState } from '../agent/protocol/agent-state.ts';
import type { MoveReport } from '../agent/protocol/move-report.ts';
import type { ShardMapMove, ShardMapShard } from '../api/v1alpha1/index.ts';
import type { ClusterKey } from '../core/instance-report.ts';
import type { PositionArithmetic } from '../engines/position.ts';
import type { Informer } from '../runtime/cache/informer.ts';
import type { Clock } from '../runtime/clock.ts';
import type { AgentView } from '../supervisor/agent-client/agent-client.ts';
import { currentState } from '../supervisor/observe-shard.ts';
import { givingReport, receivingReport } from './receiving-report.ts';

/** What words are heard by. */
export interface HeardMembersOptions {
  readonly cluster: ClusterKey;
  readonly pods: Pick<Informer<V1Pod>, 'get'>;
  readonly viewOf: (podUid: string) => AgentView | undefined;
  readonly positions: PositionArithmetic;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** What both ends say of a move; undefined where nobody says anything. */
export interface MoveReports {
  readonly from: MoveReport | undefined;
  readonly to: MoveReport | undefined;
}

/** The members of one cluster. A word that is old counts for nothing. */
export class HeardMembers {
  readonly #options: HeardMembersOptions;

  constructor(options: HeardMembersOptions) {
    this.#options = options;
  }

  /** What the agent of the shard's primary says now. */
  primaryOf({ primary }: Pick<ShardMapShard, 'primary'>): AgentState | undefined {
    return primary === null ? undefined : this.#stateOf(primary);
  }

  /** What both ends say of a move. */
  reportsOf(shards: readonly ShardMapShard[], move: ShardMapMove): MoveReports {
    const { positions } = this.#options;
    const reportsOf = (number: number): readonly MoveReport[] => {
      const shard = shards.find((each) => each.number === number);
      return (shard === undefined ? undefined : this.primaryOf(shard)?.moves) ?? [];
    };
    return {
      from: givingReport(reportsOf(move.from), move, positions),
      to: receivingReport(reportsOf(move.to), move, positions),
    };
  }

  /** What all ends of moves say, without figures: the same text while nothing has happened that a decision may rest on. */
  wordsOf(shards: readonly ShardMapShard[], moves: readonly ShardMapMove[]): string {
    return moves
      .flatMap((move) => {
        const { from, to } = this.reportsOf(shards, move);
        return [wordOf(from), wordOf(to)];
      })
      .join();
  }

  /** Whether a member is known to have applied everything up to `position`. */
  hasApplied(pod: string, position: string): boolean {
    const { positions } = this.#options;
    const applied = this.#stateOf(pod)?.member?.applied;
    return applied !== undefined && positions.covers(applied, positions.parse(position));
  }

  /** Bytes that are free on the fullest volume of a shard, as far as its members tell; null where none does. */
  freeBytesOf({ primary, replicas }: Pick<ShardMapShard, 'primary' | 'replicas'>): number | null {
    const members = [...(primary === null ? [] : [primary]), ...replicas];
    const known = members.flatMap((pod) => this.#stateOf(pod)?.freeBytes ?? []);
    return known.length === 0 ? null : Math.min(...known);
  }

  #stateOf(name: string): AgentState | undefined {
    const { pods, cluster, viewOf, clock } = this.#options;
    const uid = pods.get({ namespace: cluster.namespace, name })?.metadata?.uid;
    return (uid === undefined ? null : currentState(viewOf(uid), clock.monotonic())) ?? undefined;
  }
}

function wordOf(report: MoveReport | undefined): string {
  return report === undefined
    ? '-'
    : [report.stage, report.attempt, report.epoch, report.held?.reason, report.verified !== null].join('/');
}
