/** Which server of a shard a read goes to. */
import type { ConsistencyLevel } from '../../api/v1alpha1/index.ts';
import { assertNever } from '../../runtime/assert-never.ts';
import type { ReplicaFloor } from '../topology/moves.ts';
import type { Server, ShardServers } from '../topology/servers.ts';
import { EMPTY_TOKEN, hasReached, type WriteToken } from './write-token.ts';

/** What was last seen of a replica. */
export interface ReplicaState {
  /** It answered, and replication runs without an error. */
  readonly isHealthy: boolean;
  /** Milliseconds that it shows the past; null while unknown. */
  readonly lagMilliseconds: number | null;
  /** What it has applied. */
  readonly position: WriteToken;
  /** Milliseconds that it took to answer. */
  readonly responseMilliseconds: number;
}

export interface ReadRequest {
  readonly level: ConsistencyLevel;
  readonly servers: ShardServers;
  /** By pod; a replica that is not in it was never reached. */
  readonly states: ReadonlyMap<string, ReplicaState>;
  /** What the session has written. */
  readonly token: WriteToken;
  /** Which replicas may serve the database at all. */
  readonly floor: ReplicaFloor;
  readonly maxLagMilliseconds: number;
  /** Grows by one with each read, for the round. */
  readonly turn: number;
  /** Whether the replica that answers fastest is wanted, rather than the next in the round. */
  readonly fastest: boolean;
  /** Whether a read of one's own writes may wait for a replica to have them. */
  readonly waits: boolean;
}

/** Where a read goes, and why. `server` is undefined while the shard has nobody for it. */
export interface ReadChoice {
  readonly server: Server | undefined;
  /** The GTID that the replica has to reach first; null where it need not. */
  readonly awaited: string | null;
  readonly reason:
    | 'StrongRead'
    | 'NextReplica'
    | 'FastestReplica'
    | 'CaughtUpReplica'
    | 'AwaitedReplica'
    | 'NoReplicaFit'
    | 'NoReplicaCaughtUp';
}

/** Decides; the fallback of every level is the primary, which is never behind. */
export function decideReadServer(request: ReadRequest): ReadChoice {
  const { level, servers, states, token } = request;
  const primary = servers.primary;
  switch (level) {
    case 'Strong':
      return { server: primary, awaited: null, reason: 'StrongRead' };
    case 'Eventual': {
      const fit = servers.replicas.filter((replica) => isFit(states.get(replica.pod), request));
      const server = pick(fit, request);
      return server === undefined
        ? { server: primary, awaited: null, reason: 'NoReplicaFit' }
        : { server, awaited: null, reason: request.fastest ? 'FastestReplica' : 'NextReplica' };
    }
    case 'ReadYourWrites': {
      const fit = servers.replicas.filter((replica) => isFit(states.get(replica.pod), request));
      const caughtUp = fit.filter((replica) =>
        hasReached(states.get(replica.pod)?.position ?? EMPTY_TOKEN, token, servers.number),
      );
      const server = pick(caughtUp, request);
      if (server !== undefined) {
        return { server, awaited: null, reason: 'CaughtUpReplica' };
      }
      const close = request.waits ? pick(fit, request) : undefined;
      const awaited = token.get(servers.number)?.gtid ?? null;
      return close === undefined || awaited === null
        ? { server: primary, awaited: null, reason: 'NoReplicaCaughtUp' }
        : { server: close, awaited, reason: 'AwaitedReplica' };
    }
    default:
      return assertNever(level);
  }
}

function isFit(
  state: ReplicaState | undefined,
  { maxLagMilliseconds, floor, servers }: ReadRequest,
): boolean {
  return (
    state !== undefined &&
    state.isHealthy &&
    state.lagMilliseconds !== null &&
    state.lagMilliseconds < maxLagMilliseconds &&
    (floor.kind === 'any' ||
      (floor.kind === 'position' && hasReached(state.position, floor.position, servers.number)))
  );
}

function pick(replicas: readonly Server[], { states, fastest, turn }: ReadRequest): Server | undefined {
  if (!fastest) {
    return replicas[turn % Math.max(1, replicas.length)];
  }
  const time = (server: Server): number => states.get(server.pod)?.responseMilliseconds ?? Infinity;
  return replicas.toSorted((one, other) => time(one) - time(other))[0];
}
