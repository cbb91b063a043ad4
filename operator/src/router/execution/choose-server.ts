import { decideReadLevel } from '../session/read-level.ts';
import { decideReadServer } from '../session/read-server.ts';
import type { Session } from '../session/session.ts';
import { replicaFloor } from '../topology/moves.ts';
import type { Server } from '../topology/servers.ts';
import type { Location, Topology } from '../topology/topology.ts';
import type { Environment } from './environment.ts';
import type { HoldingSink, ShardRequest } from './shard-request.ts';
import type { Attempts } from './stale-route.ts';

/** What was chosen. */
export interface ChosenServer {
  readonly server: Server | undefined;
  /** The GTID that it has to reach before it is asked; null where it need not. */
  readonly awaited: string | null;
}

/**
 * The primary, or for a read the server that the level of consistency asks for; undefined where the shard has none. `awaited`
 * is what that server has to reach first.
 */
export function chooseServer(
  environment: Environment,
  topology: Topology,
  session: Session,
  {
    access,
    consistency,
    transactional,
  }: Pick<ShardRequest<HoldingSink>, 'access' | 'consistency' | 'transactional'>,
  { shard, database }: Location,
  { unfit, hasWaited }: Pick<Attempts, 'unfit' | 'hasWaited'>,
): ChosenServer | undefined {
  const servers = topology.shards.get(shard);
  if (servers === undefined) {
    return undefined;
  }
  const needsPrimary =
    access.mode === 'write' ||
    access.primaryBecause !== null ||
    (transactional && session.transaction.kind === 'open');
  if (needsPrimary) {
    return { server: servers.primary, awaited: null };
  }
  return decideReadServer({
    level: decideReadLevel(access, session.wishes.consistency, consistency),
    servers: { ...servers, replicas: servers.replicas.filter(({ pod }) => !unfit.has(pod)) },
    states: environment.replicaStates(),
    token: session.token,
    floor: replicaFloor(topology.moves, database, shard, session.token),
    maxLagMilliseconds: environment.maxLagMilliseconds,
    turn: environment.nextTurn(),
    fastest: access.hinted?.fastest ?? session.wishes.fastest,
    waits: session.wishes.waitMilliseconds > 0 && !hasWaited,
  });
}
