import type { Condition, ShardStatus } from '../../../api/v1alpha1/index.ts';
import type { InstanceProblem } from '../../../core/instance-report.ts';
import type { EmptyShards } from '../decide-keyspaces.ts';
import type { RestartPlan } from '../maintenance/decide-restarts.ts';
import type { RouterCount } from '../resources/router-deployment.ts';
import type { RebalanceSummary } from './rebalance-summary.ts';
import type { Situation } from './situation.ts';

/** What the verdicts rest on. */
export interface ConditionInput {
  readonly situation: Situation;
  readonly hibernated: boolean;
  /** The shards as they are now. */
  readonly shards: readonly ShardStatus[];
  /** Names of the pods that exist, of all shards. */
  readonly pods: readonly string[];
  /** Why pods are not ready, in sentences, by pod, as far as it is known. */
  readonly complaints: ReadonlyMap<string, string>;
  /** Members that are no longer asked for. */
  readonly leavingPods: ReadonlySet<string>;
  /** Pods that run with former settings, and what is done about them. */
  readonly restarts: Omit<RestartPlan, 'next'>;
  /** Why nobody is promoted in shards that have lost their primary. */
  readonly blocks: readonly (InstanceProblem & { readonly shard: string })[];
  /** Names of shards whose primary has yet to make the databases of keyspaces. */
  readonly shardsWithoutDatabases: readonly string[];
  /** Routers that take connections, of those asked for; null where none are. */
  readonly routers: RouterCount | null;
  /** The rebalance that matters most now; null where there is none. */
  readonly rebalance: RebalanceSummary | null;
  /** Shards that hold no slot, though there are keyspaces; null for none. */
  readonly shardsWithoutSlots: EmptyShards | null;
  /** Whether something is known of every shard: otherwise nobody can say that nothing is blocked. */
  readonly isSupervised: boolean;
  /** The conditions and shards last written. */
  readonly previous: { readonly conditions: readonly Condition[]; readonly shards: readonly ShardStatus[] };
}
