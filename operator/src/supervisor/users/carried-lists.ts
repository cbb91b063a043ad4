/** Bringing users that were made through routers to shards that are added later. */
import { createHash } from 'node:crypto';
import type { UsersState } from '../../agent/protocol/users.ts';
import type { CarriedOrder, CarriedState, CarriedUser, Credentials } from '../../engines/users.ts';

/** The users of the shard that all others are made like, as they were read. */
export interface CarriedList {
  readonly digest: string;
  readonly users: readonly CarriedUser[];
  /** When reading them began, in monotonic milliseconds. */
  readonly readAt: number;
}

/** A list of those users that were made through routers: they are identified by what the cluster's routers derive from their names. */
export function carriedList(
  users: readonly CarriedUser[],
  routerKey: string,
  credentials: Pick<Credentials, 'routerHash'>,
  readAt: number,
): CarriedList {
  const made = users.filter(({ name, proofs }) => {
    const derived = credentials.routerHash(routerKey, name).toUpperCase();
    return proofs.some(
      ({ plugin, stored }) => plugin === 'mysql_native_password' && stored.toUpperCase() === derived,
    );
  });
  return { digest: createHash('sha256').update(JSON.stringify(made)).digest('hex'), users: made, readAt };
}

/** A shard as its primary tells of it; null while it tells nothing. */
export interface ToldShard {
  readonly number: number;
  readonly carried: CarriedState | null;
}

/**
 * The shard that the others get users from: the first that has them all, or, where no shard has ever been told, the first. Routers
 * change users there before they do elsewhere. Undefined while the first to have been there does not answer.
 */
export function decideSource(shards: readonly ToldShard[]): number | undefined {
  const sorted = shards.toSorted((one, other) => one.number - other.number);
  const complete = sorted.find(({ carried }) => carried?.isComplete === true);
  // One that says nothing may have them all.
  return (
    complete?.number ?? (sorted.every(({ carried }) => carried !== null) ? sorted[0]?.number : undefined)
  );
}

/** What one shard's order is decided from. */
export interface CarriedInput {
  readonly carried: CarriedState | null;
  readonly isSource: boolean;
  readonly list: CarriedList | undefined;
  /** When the shard was first seen to have the list, in monotonic milliseconds; undefined before. */
  readonly hasListSince: number | undefined;
}

/** For the shard that was there first: its users are the list. */
const NOTHING_TO_CARRY: CarriedOrder = { digest: 'source', users: [], isFinal: true };

/**
 * What a shard is told; null for nothing. A list is final once it was read again, and is the same, after the shard had it: what routers
 * change from then on they change here as well, since they know the shard, and it has the users they change.
 */
export function decideCarried({ carried, isSource, list, hasListSince }: CarriedInput): CarriedOrder | null {
  if (carried === null || carried.isComplete) {
    return null;
  }
  if (isSource) {
    return NOTHING_TO_CARRY;
  }
  if (list === undefined) {
    return null;
  }
  const { digest, users, readAt } = list;
  const isFinal = carried.digest === digest && hasListSince !== undefined && readAt > hasListSince;
  return { digest, users, isFinal };
}

/** Whether a shard may be given slots: it has every user, so that nobody is refused there who is not refused elsewhere. */
export function hasAllUsers(users: UsersState | null | undefined): boolean {
  return users !== null && users !== undefined && users.carried?.isComplete !== false;
}
