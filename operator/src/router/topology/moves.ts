/** What moves between shards, as statements meet it. Pure. */
import { ownerOfMove, type ShardMapMove } from '../../api/v1alpha1/index.ts';
import { databaseOfSlot, sharedDatabase, unshardedDatabase } from '../../core/keyspace/database-names.ts';
import { assertNever } from '../../runtime/assert-never.ts';
import { readWriteToken, type WriteToken } from '../session/write-token.ts';

/** Moves of the map by the database that moves. A copy of reference tables may be made for several shards at once. */
export type Moves = ReadonlyMap<string, readonly ShardMapMove[]>;

/** Nothing moves. */
export const NO_MOVES: Moves = new Map();

/** Database and shard that a statement is for. */
interface Target {
  readonly shard: number;
  readonly database: string | undefined;
  readonly mode: 'read' | 'write';
}

/** Which replicas of a shard may serve reads of a database; its primary always may. */
export type ReplicaFloor =
  | { readonly kind: 'any' }
  /** Those that have reached it: others may lack rows that came with the move, or the rights to them. */
  | { readonly kind: 'position'; readonly position: WriteToken }
  /** None of them can be told apart. */
  | { readonly kind: 'none' };

/** Reads the moves of a map. */
export function readMoves(moves: readonly ShardMapMove[]): Moves {
  const byDatabase = new Map<string, readonly ShardMapMove[]>();
  for (const move of moves) {
    for (const database of [databaseOfMove(move), ...newDatabasesOf(move)]) {
      byDatabase.set(database, [...(byDatabase.get(database) ?? []), move]);
    }
  }
  return byDatabase;
}

/** Those that have taken the place of one that was split. */
function newDatabasesOf({ keyspace, phase, split }: ShardMapMove): readonly string[] {
  return split === undefined || ownerOfMove({ phase, from: 0, to: 1 }) === 0
    ? []
    : [databaseOfSlot(keyspace, split.lower), databaseOfSlot(keyspace, split.upper)];
}

/** Name of the database that moves. */
export function databaseOfMove({ keyspace, unit, slot }: ShardMapMove): string {
  switch (unit) {
    case 'Slot':
      return databaseOfSlot(keyspace, slot ?? -1);
    case 'Unsharded':
      return unshardedDatabase(keyspace);
    case 'Reference':
      return sharedDatabase(keyspace);
    default:
      return assertNever(unit);
  }
}

/**
 * The move for which a statement has to wait: the database changes its owner at this moment. Of reference tables only writes
 * wait, and what would use the database on the shard that is copied, whose sessions have to leave it.
 */
export function moveInTheWay(moves: Moves, { shard, database, mode }: Target): ShardMapMove | undefined {
  return database === undefined
    ? undefined
    : moves
        .get(database)
        ?.find(
          ({ phase, unit, from }) =>
            (phase === 'Switching' || phase === 'Returning') &&
            (unit !== 'Reference' || mode === 'write' || shard === from),
        );
}

/**
 * By shard, the databases in which no session may stay: a session keeps the rights that it had when it selected its database,
 * so that taking them away does not reach it.
 */
export function closedDatabases(moves: Moves): ReadonlyMap<number, ReadonlySet<string>> {
  const closed = new Map<number, Set<string>>();
  for (const [database, list] of moves) {
    const leaving = list.filter((move) => isLeft(move, database));
    for (const shard of leaving.flatMap(closedShards)) {
      const databases = closed.get(shard) ?? new Set();
      closed.set(shard, databases.add(database));
    }
  }
  return closed;
}

/** Whether it is the one to be left: of a split the slot, and its parts while the slot comes back. */
function isLeft(move: ShardMapMove, database: string): boolean {
  return move.phase === 'Returning' || databaseOfMove(move) === database;
}

function closedShards({ phase, unit, from, to, split }: ShardMapMove): readonly number[] {
  switch (phase) {
    case 'Copying':
    case 'Undoing':
      // What is received for a split has other names.
      return split === undefined ? [to] : [];
    case 'Switching':
    case 'Returning':
      return [from, to];
    case 'Soaking':
    case 'Finishing':
      return unit === 'Reference' ? [] : [from];
    default:
      return assertNever(phase);
  }
}

/**
 * Which replicas of `shard` may serve reads of `database`. Those of a new owner need what it had when it opened, which covers
 * everything that any session wrote at the former one. After a return nothing tells how far the first owner had come, so that
 * sessions that wrote on the other shard read from the primary.
 */
export function replicaFloor(
  moves: Moves,
  database: string | undefined,
  shard: number,
  token: WriteToken,
): ReplicaFloor {
  const move = moves.get(database ?? '')?.find((candidate) => ownerOfMove(candidate) === shard);
  if (move?.openedAt === undefined) {
    return { kind: 'any' };
  }
  if (shard === move.from && (move.split === undefined || move.phase === 'Undoing')) {
    return token.has(move.to) ? { kind: 'none' } : { kind: 'any' };
  }
  const position = readWriteToken(move.openedAt);
  return position?.has(shard) === true ? { kind: 'position', position } : { kind: 'none' };
}

/** A move for people: `slot 42 of app moves from shard 0 to shard 2 (Switching, attempt 1)`. */
export function describeMove({
  keyspace,
  unit,
  slot,
  from,
  to,
  split,
  phase,
  attempt,
}: ShardMapMove): string {
  if (split !== undefined) {
    return `slot ${slot} of ${keyspace} is split into ${split.lower} and ${split.upper} (${phase}, attempt ${attempt})`;
  }
  const what =
    unit === 'Slot'
      ? `slot ${slot} of ${keyspace} moves`
      : unit === 'Unsharded'
        ? `the unsharded tables of ${keyspace} move`
        : `the reference tables of ${keyspace} are copied`;
  return `${what} from shard ${from} to shard ${to} (${phase}, attempt ${attempt})`;
}
