/** Definitions while something of their keyspace moves: what is copied or followed has to keep its tables as they are. */
import type { ShardMapMove } from '../../api/v1alpha1/index.ts';
import { assertNever } from '../../runtime/assert-never.ts';
import type { RouteOf } from '../routing/route.ts';
import { describeMove, type Moves } from '../topology/moves.ts';
import type { Execution } from './execution.ts';
import { holdWhile } from './hold-while.ts';

/** What moves do to a definition. */
export type DefinitionMoves =
  | { readonly kind: 'none' }
  /** It waits: the receiving shard copies the tables, or follows them. */
  | { readonly kind: 'wait'; readonly move: ShardMapMove }
  /** It may run: after it these moves cannot be returned. */
  | { readonly kind: 'endsReturn'; readonly moves: readonly ShardMapMove[] };

/** Which databases of a definition move with which unit. */
const UNITS = { slots: 'Slot', unsharded: 'Unsharded', shared: 'Reference' } as const;

/** Decides for a definition of tables in some of the databases of a keyspace. */
export function decideDefinitionMoves(
  moves: Moves,
  { keyspace, databases }: Pick<RouteOf<'definition'>, 'keyspace' | 'databases'>,
): DefinitionMoves {
  const units = new Set<string>(databases.map((kind) => UNITS[kind]));
  const soaking: ShardMapMove[] = [];
  for (const move of new Set([...moves.values()].flat())) {
    if (move.keyspace !== keyspace || !units.has(move.unit)) {
      continue;
    }
    switch (move.phase) {
      case 'Copying':
      case 'Switching':
      case 'Returning':
        return { kind: 'wait', move };
      case 'Soaking':
        if (move.unit !== 'Reference') {
          soaking.push(move);
        }
        break;
      case 'Undoing':
      case 'Finishing':
        break;
      default:
        assertNever(move.phase);
    }
  }
  return soaking.length === 0 ? { kind: 'none' } : { kind: 'endsReturn', moves: soaking };
}

/**
 * Waits until a definition may run everywhere; nothing of it has run then. Resolves with the moves that cannot be returned after
 * it. Throws ClientError 1205 where that takes too long.
 */
export async function awaitDefinition(
  execution: Execution,
  route: RouteOf<'definition'>,
  signal: AbortSignal,
): Promise<readonly ShardMapMove[]> {
  return holdWhile(
    execution.environment,
    () => {
      const found = decideDefinitionMoves(execution.topology().moves, route);
      switch (found.kind) {
        case 'none':
          return { kind: 'done', value: [] };
        case 'endsReturn':
          return { kind: 'done', value: found.moves };
        case 'wait':
          return { kind: 'wait', reason: { cause: 'Definition', message: describeMove(found.move) } };
        default:
          return assertNever(found);
      }
    },
    signal,
    ADVICE,
  );
}

const ADVICE =
  '. Tables keep their definitions while they are copied, so that both shards have the same. The ShardRebalance shows how ' +
  'far the move is (kubectl get shardrebalances); wait for its end or cancel it (kubectl shardwright rebalance cancel), and send ' +
  'the statement again';
