/** Which shard has a database, by what all shards hold. Pure. */

/** What one shard has of a database. */
export interface Claim {
  readonly shard: number;
  readonly isThere: boolean;
  /** Whether users have rights on it. */
  readonly isGranted: boolean;
  /** Revision of the map that had it taken from users; null where that is not recorded. */
  readonly fence: number | null;
  /** Moves that have brought rows into it. */
  readonly moves: readonly string[];
}

/**
 * - `owner`: it belongs to this shard. `byPlan`: rights contradict each other, and the records of its planned move do not.
 * - `nowhere`: no shard has it, so that nothing can be lost.
 * - `unsettled`: `because` says why that cannot be told.
 */
export type DatabaseVerdict =
  | { readonly kind: 'owner'; readonly shard: number; readonly byPlan?: true }
  | { readonly kind: 'nowhere' }
  | { readonly kind: 'unsettled'; readonly shards: readonly number[]; readonly because: string };

/**
 * Decides, by the order in which a move does things: the giving side loses its rights, that is recorded with the revision of the map that
 * wanted it, the map changes, and only then does the other side get rights. The receiving side has a record of the move from the end of its copy on, the
 * giving side from when it begins to follow the new owner. A way back is begun only once it follows. Records of moves that are over, by which a
 * database came where it is, are forgotten some time after; whatever is removed takes all of its own with it. `leaves`: the shard that
 * it leaves by the plan of the one rebalance under way that moves it; null where there is none.
 */
export function settleDatabase(claims: readonly Claim[], leaves: number | null = null): DatabaseVerdict {
  const verdict = settleByRights(claims);
  const owner = verdict.kind === 'unsettled' && leaves !== null ? settleByRecords(claims, leaves) : null;
  return owner === null ? verdict : { kind: 'owner', shard: owner, byPlan: true };
}

/**
 * Where users have rights in several shards, which no move brings about, the records of the one move that there can have been
 * still tell. Null where they do not tell for certain.
 */
function settleByRecords(claims: readonly Claim[], leaves: number): number | null {
  const source = claims.find(({ shard }) => shard === leaves);
  if (source?.isThere !== true || !source.isGranted) {
    return null;
  }
  if (source.fence === null) {
    // Nothing is cut over before the fence is on record, which stands for as long as the former owner has its copy.
    return source.shard;
  }
  const [other, ...more] = claims.filter((claim) => claim !== source);
  if (other === undefined || more.length > 0 || !other.isThere || !other.isGranted || other.fence !== null) {
    return null;
  }
  // The former owner has the move on record once it follows the new one; and no way back has begun.
  return source.moves.some((id) => other.moves.includes(id)) ? other.shard : null;
}

function settleByRights(claims: readonly Claim[]): DatabaseVerdict {
  const granted = claims.filter(({ isGranted }) => isGranted);
  const there = claims.filter(({ isThere }) => isThere);
  const [served] = granted;
  if (granted.length > 1) {
    return unsettled(granted, 'users have rights on it in each of them');
  }
  if (served !== undefined) {
    return served.isThere || there.length === 0
      ? { kind: 'owner', shard: served.shard }
      : unsettled([served, ...there], `users have rights on it in shard ${served.shard}, where it is not`);
  }
  const [first, second] = there;
  if (first === undefined) {
    return { kind: 'nowhere' };
  }
  if (second === undefined) {
    return { kind: 'owner', shard: first.shard };
  }
  return there.length === 2
    ? settleSwitch(first, second)
    : unsettled(there, 'users have rights on it in none of them');
}

/** Nobody has rights on either: a switch was under way. Neither side was written to since the fence. */
function settleSwitch(one: Claim, other: Claim): DatabaseVerdict {
  const both = [one, other];
  const [first, second] = both.filter(({ fence }) => fence !== null);
  if (first !== undefined && second !== undefined) {
    // Of a way back: the later fence stands on the side that had everything.
    const order = (first.fence ?? 0) - (second.fence ?? 0);
    return order === 0
      ? unsettled(both, 'it was fenced in both by the same revision of the map')
      : { kind: 'owner', shard: order > 0 ? first.shard : second.shard };
  }
  const giving = first ?? both.find(({ moves }) => moves.length === 0);
  const receiving = both.find((claim) => claim !== giving);
  if (giving === undefined || receiving === undefined) {
    return unsettled(both, 'each has a record of a move that brought rows, and none of a fence');
  }
  if (giving.fence === null) {
    // The rights were taken, and it was not recorded yet.
    return receiving.moves.length > 0
      ? { kind: 'owner', shard: giving.shard }
      : unsettled(both, 'nothing is recorded of a move or of a fence in either');
  }
  // Cut over, and followed since: the new owner has not given rights yet, or was about to give it back. With no move in common
  // the fenced side never followed, so that the other one served nobody: what else is on record there is of moves that are over.
  return giving.moves.some((id) => receiving.moves.includes(id))
    ? { kind: 'owner', shard: receiving.shard }
    : { kind: 'owner', shard: giving.shard };
}

function unsettled(claims: readonly Claim[], because: string): DatabaseVerdict {
  return { kind: 'unsettled', shards: [...new Set(claims.map(({ shard }) => shard))], because };
}
