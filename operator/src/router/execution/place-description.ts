import { assertNever } from '../../runtime/assert-never.ts';
import type { Place } from '../routing/route.ts';
import { describeKey } from '../routing/describe-key.ts';
import type { RoutedKey } from '../routing/routed-key.ts';
import type { Statement } from './statement.ts';

/** Where a statement goes, for a transaction in the mode `Single` to be bound to. */
export interface BindingPlace {
  /** Distinguishes places: keyspace and slot. */
  readonly identity: string;
  /** How a person would call it: `slot 42 of app (orders.user_id = 7)`. Only called where somebody may have to be told. */
  describe(): string;
}

/** What a transaction in the mode `Single` is bound to by a statement; null for what does not bind. */
export function bindingPlaceOf(
  place: Place,
  statement: Statement,
  boundBy: RoutedKey | null,
): BindingPlace | null {
  switch (place.kind) {
    case 'slot':
      return slotPlace(place.keyspace, place.slot, statement, boundBy);
    case 'unsharded':
      return {
        identity: `${place.keyspace}$single`,
        describe: () => `the unsharded tables of ${place.keyspace}`,
      };
    case 'shared':
    case 'anywhere':
      return null;
    default:
      return assertNever(place);
  }
}

/** A slot, as a transaction is bound to it by a statement with that key. */
export function slotPlace(
  keyspace: string,
  slot: number,
  { parsed, parameters }: Statement,
  boundBy: RoutedKey | null,
): BindingPlace {
  return {
    identity: `${keyspace}/${slot}`,
    describe: () => {
      const values = {
        literal: (index: number) => parsed.literal(index),
        parameter: parameters === null ? null : (index: number) => parameters.literal(index),
      };
      return `slot ${slot} of ${keyspace}${boundBy === null ? '' : ` (${describeKey(boundBy, values)})`}`;
    },
  };
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
