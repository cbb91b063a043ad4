/** ShardRebalances, and changes of one, that are refused. */
import type { Fields, RefusedSpec } from './refused-spec.ts';

/** A rebalance to three shards. */
export function scaleTo(shards: number, fields: Fields = {}): Fields {
  return { clusterName: 'shop', scale: { shards }, ...fields };
}

/** A rebalance of moves by hand. */
export function movesOf(...moves: Fields[]): Fields {
  return { clusterName: 'shop', moves };
}

const slot = (number: number, to = 1): Fields => ({ keyspace: 'app', slot: number, to });

export const REFUSED_REBALANCES: readonly RefusedSpec[] = [
  {
    attempt: 'nothing to do',
    spec: { clusterName: 'shop' },
    field: 'spec.scale',
    remedy: 'write scale, moves or split',
  },
  {
    attempt: 'two things to do',
    spec: { ...movesOf(slot(1)), scale: { shards: 3 } },
    field: 'spec.scale',
    remedy: 'write scale, moves or split',
  },
  {
    attempt: 'no moves',
    spec: movesOf(),
    field: 'spec.moves',
    remedy: 'should have at least 1 items',
  },
  {
    attempt: 'a slot that moves twice',
    spec: movesOf(slot(1), slot(2), slot(1, 2)),
    field: 'spec.moves',
    remedy: 'keep one of the entries',
  },
  {
    attempt: 'unsharded tables that move twice',
    spec: movesOf(
      { keyspace: 'app', unit: 'Unsharded', to: 1 },
      { keyspace: 'app', unit: 'Unsharded', to: 2 },
    ),
    field: 'spec.moves',
    remedy: 'keep one of the entries',
  },
  {
    attempt: 'a move of a slot that is not named',
    spec: movesOf({ keyspace: 'app', to: 1 }),
    field: 'spec.moves[0].slot',
    remedy: 'name the slot there',
  },
  {
    attempt: 'unsharded tables with a slot',
    spec: movesOf({ ...slot(1), unit: 'Unsharded' }),
    field: 'spec.moves[0].slot',
    remedy: 'leave it out otherwise',
  },
  {
    attempt: 'a cluster that cannot be one',
    spec: { ...scaleTo(3), clusterName: 'Shop' },
    field: 'spec.clusterName',
    remedy: 'kubectl get shc',
  },
  {
    attempt: 'a pause of what is undone',
    spec: scaleTo(3, { paused: true, cancel: true }),
    field: 'spec.paused',
    remedy: 'set paused to false',
  },
  {
    attempt: 'a name that is too long',
    name: 'a'.repeat(47),
    spec: scaleTo(3),
    field: 'metadata.name',
    remedy: 'choose a shorter name',
  },
  {
    attempt: 'another number of shards',
    from: scaleTo(3),
    spec: scaleTo(4),
    field: 'spec.scale',
    remedy: 'create another ShardRebalance',
  },
  {
    attempt: 'other moves',
    from: movesOf(slot(1)),
    spec: movesOf(slot(1), slot(2)),
    field: 'spec.moves',
    remedy: 'create another ShardRebalance',
  },
  {
    attempt: 'another cluster',
    from: scaleTo(3),
    spec: { ...scaleTo(3), clusterName: 'other' },
    field: 'spec.clusterName',
    remedy: 'create another ShardRebalance',
  },
  ...['approved', 'cancel', 'rollback'].map((field): RefusedSpec => ({
    attempt: `${field} taken back`,
    from: scaleTo(3, { [field]: true }),
    spec: scaleTo(3, { [field]: false }),
    field: `spec.${field}`,
    remedy: 'cannot be taken back',
  })),
];
