import { assertNever } from '../../assert-never.ts';
import { placeBalanced } from './balanced.ts';
import { placeModulo } from './modulo.ts';
import type { Placement, PlacementInput } from './placement.ts';
import { placeVirtualNodes } from './virtual-nodes.ts';

/** The ways of spreading slots over shards; what each does stands with its function. */
export type PlacementName = 'Balanced' | 'VirtualNodes' | 'Modulo';

/**
 * Where the slots of a keyspace are to be.
 * @throws RangeError when there is no shard, one is there twice, or a weight is not a positive integer.
 */
export function placeSlots(name: PlacementName, input: PlacementInput): Placement {
  switch (name) {
    case 'Balanced':
      return placeBalanced(input);
    case 'VirtualNodes':
      return placeVirtualNodes(input);
    case 'Modulo':
      return placeModulo(input);
    default:
      return assertNever(name);
  }
}
