import type { ShardMapShard, ShardMapSpec } from '../api/v1alpha1/index.ts';
import { assertNever } from '../runtime/assert-never.ts';
import type { ShardState } from './decide-shard-state.ts';

/** The shard as a state's action leaves it; undefined for a state without one. Pure. */
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
    case 'ackerLeaving':
    case 'promoting':
    case 'initialising':
    case 'healthy':
      return undefined;
    default:
      return assertNever(state);
  }
}

/** The map with one shard changed, and its revision with it. */
export function withShard(spec: ShardMapSpec, changed: ShardMapShard): ShardMapSpec {
  return {
    revision: spec.revision + 1,
    shards: spec.shards.map((shard) => (shard.number === changed.number ? changed : shard)),
  };
}
