import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { BackendPools } from '../backend/backend-pool.ts';
import type { RouterMetrics } from '../metrics.ts';
import type { IdGenerator } from '../session/id-generator.ts';
import type { ReplicaState } from '../session/read-server.ts';
import type { StatementHold } from '../topology/statement-hold.ts';
import type { CurrentTopology } from '../topology/topology.ts';

/** What all sessions of a process share. */
export interface Environment {
  readonly topology: CurrentTopology;
  readonly pools: BackendPools;
  readonly hold: StatementHold;
  readonly ids: IdGenerator;
  /** What was last seen of replicas, by pod. */
  readonly replicaStates: () => ReadonlyMap<string, ReplicaState>;
  /** A replica further behind serves no reads. */
  readonly maxLagMilliseconds: number;
  /** Grows by one with each call: replicas serve in turn. */
  readonly nextTurn: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: RouterMetrics;
  /** Of the process. */
  readonly signal: AbortSignal;
}
