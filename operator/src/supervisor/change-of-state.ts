/** What the map's entry of a shard becomes by the upkeep that a state asks for. Pure. */
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import { assertNever } from '../runtime/assert-never.ts';
import type { ShardState } from './decide-shard-state.ts';

/** The shard as a state's one write leaves it; undefined for a state without one. */
export function changeOf(state: ShardState, shard: ShardMapShard): ShardMapShard | undefined {
  switch (state.kind) {
    case 'databaseMade':
      return { ...shard, initialised: true };
    case 'replicaJoining':
      return { ...shard, ackers: [...shard.ackers, state.pod] };
    case 'ackerGone':
      return { ...shard, ackers: shard.ackers.filter((pod) => pod !== state.pod) };
    case 'acknowledgementUnwanted':
      return { ...shard, acknowledgement: 'None', ackers: [] };
    case 'acknowledgementWanted':
      return { ...shard, acknowledgement: 'OneReplica' };
    case 'promoting':
    case 'primaryLost':
    case 'primaryUnreachable':
    case 'primaryHung':
    case 'primaryUnable':
    case 'acknowledgementsStalled':
    case 'replicaBroken':
    case 'ackerLeaving':
    case 'initialising':
    case 'healthy':
      return undefined;
    default:
      return assertNever(state);
  }
}
