/** What EXPLAIN SHARDWRIGHT tells beside a route: where things are by the newest map, and whom a session would ask now. */
import type { DescribedPlaces } from '../routing/describe-route.ts';
import type { Access, Place } from '../routing/route.ts';
import { describeMove } from '../topology/moves.ts';
import { locate } from '../topology/topology.ts';
import { chooseServer } from './choose-server.ts';
import type { Execution } from './execution.ts';
import { participantOf } from './participants.ts';

/** By the newest map. Asks no server; a choice among replicas counts as a turn of theirs. */
export function describedPlaces(execution: Execution): DescribedPlaces {
  const { places, moves } = execution.topology();
  return {
    homeShardOf: (name) => places.get(name)?.homeShard ?? 0,
    referenceShardsOf: (name) => places.get(name)?.referenceShards ?? [],
    serverOf: (place, access) => serverOf(execution, place, access),
    movesOf: (databases) => databases.flatMap((name) => (moves.get(name) ?? []).map(describeMove)),
  };
}

function serverOf(execution: Execution, place: Place, access: Access): string {
  const { environment, session } = execution;
  const topology = execution.topology();
  const location = locate(topology, place, (among) => execution.preferredShard(topology, among));
  if (location === undefined) {
    return 'none: the map does not have the place';
  }
  const own = participantOf(session, location.shard)?.loan.connection.server;
  const keyspace = place.kind === 'anywhere' ? null : place.keyspace;
  const request = { access, consistency: execution.consistency(keyspace), transactional: true };
  const chosen =
    own ?? chooseServer(environment, topology, session, request, location, FIRST_ATTEMPT)?.server;
  return chosen?.pod ?? `none: shard ${location.shard} has no primary`;
}

const FIRST_ATTEMPT = { unfit: new Set<string>(), hasWaited: false };
