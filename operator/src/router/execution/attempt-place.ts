/** Where one attempt to run a statement is made. */
import type { BackendConnection, Surroundings } from '../backend/backend-connection.ts';
import type { ServerError } from '../backend/backend-error.ts';
import type { Session } from '../session/session.ts';
import type { Participant } from '../session/transaction-state.ts';
import type { Server } from '../topology/servers.ts';
import type { HoldReason } from '../topology/statement-hold.ts';
import type { Location, Topology } from '../topology/topology.ts';
import { chooseServer } from './choose-server.ts';
import { noPrimary } from './decide-attempt.ts';
import type { Environment } from './environment.ts';
import { participantOf } from './participants.ts';
import { RouteOutdated } from './route-outdated.ts';
import type { HoldingSink, ShardRequest } from './shard-request.ts';
import { type Attempts, staleReason } from './stale-route.ts';
import { switchInTheWay } from './switch-in-the-way.ts';

/** A place that was found. */
export interface AttemptPlace {
  readonly kind: 'found';
  readonly topology: Topology;
  readonly location: Location;
  readonly server: Server;
  /** The GTID that the server has to reach before it is asked; null where it need not. */
  readonly awaited: string | null;
  /** The session's transaction on this shard, if there is one. */
  readonly participant: Participant | undefined;
  readonly surroundings: Surroundings;
}

/** The place by the newest map, or what to wait for. Throws RouteOutdated where the map has no such place. */
export function findPlace<Sink extends HoldingSink>(
  environment: Environment,
  session: Session,
  request: ShardRequest<Sink>,
  attempts: Attempts,
): AttemptPlace | { readonly kind: 'wait'; readonly reason: HoldReason } {
  const topology = environment.topology.current;
  const location = locateNow(topology, request);
  const { shard, database } = location;
  const reason =
    topology === undefined ? undefined : switchInTheWay(topology, session, location, request.access.mode);
  if (topology === undefined || reason !== undefined) {
    return { kind: 'wait', reason: reason ?? noPrimary(shard) };
  }
  const participant = request.transactional ? participantOf(session, shard) : undefined;
  const own = participant?.loan.connection.server as Server | undefined;
  const chosen =
    own === undefined
      ? chooseServer(environment, topology, session, request, location, attempts)
      : { server: own, awaited: null };
  const server = chosen?.server;
  if (server === undefined) {
    return { kind: 'wait', reason: noPrimary(shard) };
  }
  const { variables } = session;
  const surroundings: Surroundings = database === undefined ? { variables } : { variables, database };
  const awaited = chosen?.awaited ?? null;
  return { kind: 'found', topology, location, server, awaited, participant, surroundings };
}

/** What to wait for where the server has refused since it does not serve the database; see {@link staleReason}. */
export function staleAt<Sink extends HoldingSink>(
  { topology: { current } }: Environment,
  request: ShardRequest<Sink>,
  { topology, location, server }: AttemptPlace,
  refused: { readonly connection: BackendConnection; readonly error: ServerError },
  attempts: Attempts,
  signal: AbortSignal,
): Promise<HoldReason | undefined> {
  const isElsewhere = current !== undefined && request.locate(current)?.shard !== location.shard;
  return staleReason({ topology, location, server, ...refused, isElsewhere }, attempts, signal);
}

function locateNow<Sink extends HoldingSink>(
  topology: Topology | undefined,
  request: ShardRequest<Sink>,
): Location {
  const location = topology === undefined ? undefined : request.locate(topology);
  if (location === undefined) {
    throw new RouteOutdated(false);
  }
  return location;
}
