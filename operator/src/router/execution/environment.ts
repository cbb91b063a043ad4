import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { BackendPools } from '../backend/backend-pool.ts';
import type { KillScope } from '../client/client-error.ts';
import type { RouterMetrics } from '../metrics/router-metrics.ts';
import type { IdGenerator } from '../session/id-generator.ts';
import type { ReplicaState } from '../session/read-server.ts';
import type { StatementParser } from '../sql/statement-parser.ts';
import type { RoutingPlans } from '../routing/routing-plan.ts';
import type { CatalogCache } from '../routing/catalog-cache.ts';
import type { ClientProcess } from '../client/client-process.ts';
import type { ClientFacts } from '../client/command-handler.ts';
import type { Credential } from '../../wire/login/credential.ts';
import type { ServerFacts } from '../topology/server-facts.ts';
import type { StatementHold } from '../topology/statement-hold.ts';
import type { CurrentTopology } from '../topology/topology.ts';
import type { StreamPermits } from './scatter/stream-permits.ts';

/** What all sessions of a process share. */
export interface Environment {
  readonly topology: CurrentTopology;
  readonly pools: BackendPools;
  readonly hold: StatementHold;
  readonly streamPermits: StreamPermits;
  readonly ids: IdGenerator;
  readonly parser: StatementParser<RoutingPlans>;
  readonly catalogs: CatalogCache;
  /** What to log in to servers with for a client. */
  readonly credentialOf: (client: ClientFacts, signal: AbortSignal) => Promise<Credential>;
  /** For statements about users. */
  readonly users: {
    /** The router secret, from which the credentials of routers are derived. */
    readonly secret: () => string;
    /** Users were changed: logins must not be decided by what was read before. */
    readonly changed: () => void;
  };
  /** What is the same on all servers. */
  readonly facts: () => ServerFacts;
  /** What was last seen of replicas, by pod. */
  readonly replicaStates: () => ReadonlyMap<string, ReplicaState>;
  /** A replica further behind serves no reads. */
  readonly maxLagMilliseconds: number;
  /** Grows by one with each call: replicas serve in turn. */
  readonly nextTurn: () => number;
  /**
   * Ends a command or a connection of a client, if it is of this user. `unanswered`: it is to be ended, and a process that is busy has
   * not done so yet. Rejects when the signal aborts.
   */
  readonly killClient: (
    connectionId: number,
    scope: KillScope,
    user: string,
    signal: AbortSignal,
  ) => Promise<'killed' | 'unknown' | 'denied' | 'unanswered'>;
  /** Clients of the whole router that have logged in. */
  readonly processes: () => Promise<readonly ClientProcess[]>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: RouterMetrics;
  /** Of the process. */
  readonly signal: AbortSignal;
}
