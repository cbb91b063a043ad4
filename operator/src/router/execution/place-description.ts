import { assertNever } from '../../runtime/assert-never.ts';
import type { Place } from '../routing/route.ts';
import type { TransactionPlace } from '../session/transaction-state.ts';

/** What a transaction in the mode `Single` is bound to by a statement; null for what does not bind. */
export function transactionPlaceOf(place: Place): TransactionPlace | null {
  switch (place.kind) {
    case 'slot':
      return slotPlace(place.keyspace, place.slot);
    case 'unsharded':
      return {
        identity: `${place.keyspace}$single`,
        description: `the unsharded tables of ${place.keyspace}`,
      };
    case 'shared':
    case 'anywhere':
      return null;
    default:
      return assertNever(place);
  }
}

/** A slot, as a transaction is bound to it. */
export function slotPlace(keyspace: string, slot: number): TransactionPlace {
  return { identity: `${keyspace}/${slot}`, description: `slot ${slot} of ${keyspace}` };
}

/** Where something is, as a client knows it. */
export function describePlace(place: Place): string {
  switch (place.kind) {
    case 'slot':
      return `slot ${place.slot}`;
    case 'unsharded':
      return 'the unsharded tables';
    case 'shared':
      return place.shard === null ? 'the reference tables' : `the reference tables of shard ${place.shard}`;
    case 'anywhere':
      return place.shard === null ? 'any shard' : `shard ${place.shard}`;
    default:
      return assertNever(place);
  }
}
