/** Putting the values of a group together from the parts of several slots. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { Comparators } from './comparators.ts';
import { CountDistinctState, distinctSumStates } from './distinct-values.ts';
import { fallbackStates } from './fallback-value.ts';
import type { GroupValue } from './merge-plan.ts';
import { averageStates, bitStates, countStates, sumStates } from './number-values.ts';
import { AnyState, extremeStates } from './row-values.ts';
import type { ValueState } from './value-state.ts';

/** Makes the states of one value, for each group. @throws MergeError for types that cannot be put together */
export function valueStates(value: GroupValue, comparators: Comparators): () => ValueState {
  switch (value.kind) {
    case 'any': {
      const index = comparators.indexOf(value.column);
      return () => new AnyState(index);
    }
    case 'count':
      return countStates(comparators.indexOf(value.column));
    case 'sum':
      return sumStates(value.column, comparators);
    case 'average':
      return averageStates(value, comparators);
    case 'minimum':
    case 'maximum':
      return extremeStates(value.compared, value.kind === 'minimum' ? -1 : 1, comparators);
    case 'bitAnd':
    case 'bitOr':
    case 'bitXor':
      return bitStates(value.kind, comparators.indexOf(value.column));
    case 'countDistinct': {
      const keys = value.values.map((compared) => comparators.key(compared));
      return () => new CountDistinctState(keys);
    }
    case 'sumDistinct':
    case 'averageDistinct':
      return distinctSumStates(
        value.kind,
        value.compared,
        comparators.definitionOf(value.result),
        comparators,
      );
    case 'fallback':
      return fallbackStates(valueStates(value.value, comparators), value, comparators);
    default:
      return assertNever(value);
  }
}
