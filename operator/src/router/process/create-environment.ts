import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { DEFAULT_POOL_SETTINGS } from '../backend/pool-settings.ts';
import type { Environment } from '../execution/environment.ts';
import { clientError } from '../execution/errors.ts';
import { StreamPermits } from '../execution/scatter/stream-permits.ts';
import type { RouterMetrics } from '../metrics/router-metrics.ts';
import { IdGenerator } from '../session/id-generator.ts';
import { DEFAULT_PARSER_LIMITS, StatementParser } from '../sql/statement-parser.ts';
import { createIdClaims } from '../topology/id-claims.ts';
import type { StatementHold } from '../topology/statement-hold.ts';
import type { CachedUsers } from '../users/cached-users.ts';
import { serverCredential } from '../users/user-directory.ts';
import type { ClusterServers } from './cluster-servers.ts';
import type { RouterFiles } from './router-files.ts';

/** What an {@link Environment} is made of. */
export interface EnvironmentParts extends Pick<Environment, 'killClient' | 'processes'> {
  readonly servers: ClusterServers;
  readonly users: CachedUsers;
  readonly files: RouterFiles;
  readonly hold: StatementHold;
  readonly maxLagSeconds: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: RouterMetrics;
  readonly signal: AbortSignal;
}

/** Puts together what all sessions of a process share. */
export function createEnvironment(parts: EnvironmentParts): Environment {
  const { servers, users, files, hold, maxLagSeconds, killClient, clock, logger, metrics, signal } = parts;
  const { topology, pools, statements, catalogs, replicas } = servers;
  let turn = 0;
  return {
    topology,
    pools,
    hold,
    streamPermits: new StreamPermits(DEFAULT_POOL_SETTINGS.connectionsPerServer / 2),
    ids: new IdGenerator(
      createIdClaims({ statements, primary: () => servers.lowestPrimary(), random: Math.random }),
      clock,
    ),
    parser: new StatementParser(DEFAULT_PARSER_LIMITS),
    catalogs,
    facts() {
      if (servers.facts === undefined) {
        throw clientError('unknown', 'Shardwright has not reached a server yet; try again');
      }
      return servers.facts;
    },
    async credentialOf({ identity }, aborting) {
      const found = await users.find(identity.user, aborting);
      if (found.kind !== 'found') {
        throw clientError('accessDenied', `Access denied for user '${identity.user}'`);
      }
      return serverCredential(found.account, identity.nativeSecret);
    },
    users: { secret: () => files.secret(), changed: () => users.invalidate() },
    replicaStates: () => replicas.states(),
    maxLagMilliseconds: maxLagSeconds * 1000,
    nextTurn: () => (turn += 1),
    killClient,
    processes: parts.processes,
    clock,
    logger,
    metrics,
    signal,
  };
}
