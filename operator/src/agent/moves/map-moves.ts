import type { MoveLimits, ShardMapMove, ShardMapShard, ShardMapSpec } from '../../api/v1alpha1/index.ts';
import { type MovePiece, OWN_SHARD_NUMBERS, piecesOf } from './split-pieces.ts';

/** What one revision of the map says of the moves that a shard has a part in. */
export interface MapMoves {
  readonly revision: number;
  /** In the order of the map; never empty. */
  readonly moves: readonly MovePiece[];
  /** Null where the map names none: then nothing limits a copy. */
  readonly limits: MoveLimits | null;
  /** The other shards of these moves. */
  readonly shards: readonly ShardMapShard[];
}

/** The moves of shard `number`; undefined where it has none. */
export function movesOfShard(map: ShardMapSpec, number: number): MapMoves | undefined {
  const moves = (map.moves ?? [])
    .filter(({ from, to }) => from === number || to === number)
    .flatMap((move) => piecesOf(move, map.keyspaces ?? []));
  if (moves.length === 0) {
    return undefined;
  }
  const others = new Set(moves.map((move) => otherShard(move, number)));
  return {
    revision: map.revision,
    moves,
    limits: map.moveLimits ?? null,
    shards: [...map.shards.filter((shard) => others.has(shard.number)), ...ownShards(map, number, others)],
  };
}

/** The shard itself under the numbers by which pieces of a split name it. */
function ownShards({ shards }: ShardMapSpec, number: number, others: ReadonlySet<number>): ShardMapShard[] {
  const own = shards.find((shard) => shard.number === number);
  return [...OWN_SHARD_NUMBERS]
    .filter((each) => others.has(each))
    .flatMap((each) => (own === undefined ? [] : [{ ...own, number: each }]));
}

/** The shard at the other end of a move of shard `number`. */
export function otherShard({ from, to }: Pick<ShardMapMove, 'from' | 'to'>, number: number): number {
  return from === number ? to : from;
}

/** Whether a map says anything of databases. One that was made again after it was lost may not do so yet. */
export function saysOfDatabases({
  databases,
  moves,
}: {
  readonly databases?: unknown;
  readonly moves?: MapMoves;
}): boolean {
  return databases !== undefined || moves !== undefined;
}
