/** Counts, sums, averages and bits, from those of several slots. */
import type { Comparators, Fields } from './comparators.ts';
import { isApproximate, writeDouble } from './double-text.ts';
import { divideExact, type ExactNumber, writeExact } from './exact-number.ts';
import type { GroupValue, RowColumn } from './merge-plan.ts';
import {
  addDoubleField,
  addExactField,
  checkNumber,
  latin1,
  NumberState,
  type ValueState,
  writeNullable,
  ZERO,
} from './value-state.ts';

/** States of a sum of counts; `index` of the field. */
export function countStates(index: number): () => ValueState {
  return () =>
    new NumberState<bigint>(
      (row, sum) => (sum ?? 0n) + BigInt(latin1(row[index] ?? ZERO)),
      (sum) => String(sum ?? 0n),
    );
}

/** States of a sum of sums. @throws MergeError */
export function sumStates(column: RowColumn, comparators: Comparators): () => ValueState {
  const index = comparators.indexOf(column);
  const definition = comparators.definitionOf(column);
  checkNumber(definition);
  return isApproximate(definition.type)
    ? () =>
        new NumberState<number>(
          (row, sum) => addDoubleField(sum, row[index]),
          writeNullable((sum) => writeDouble(sum, definition.decimals)),
        )
    : () =>
        new NumberState<ExactNumber>((row, sum) => addExactField(sum, row[index]), writeNullable(writeExact));
}

interface Average<Sum> {
  readonly sum: Sum | null;
  readonly count: bigint;
}

/** States of an average, from sums and counts. @throws MergeError */
export function averageStates(
  value: Extract<GroupValue, { kind: 'average' }>,
  comparators: Comparators,
): () => ValueState {
  const sumIndex = comparators.indexOf(value.sum);
  const countIndex = comparators.indexOf(value.count);
  const definition = comparators.definitionOf(value.sum);
  const { decimals } = comparators.definitionOf(value.result);
  checkNumber(definition);
  const countOf = (row: Fields, before: bigint | undefined): bigint =>
    (before ?? 0n) + BigInt(latin1(row[countIndex] ?? ZERO));
  return isApproximate(definition.type)
    ? () =>
        new NumberState<Average<number>>(
          (row, state) => ({
            sum: addDoubleField(state?.sum ?? null, row[sumIndex]),
            count: countOf(row, state?.count),
          }),
          (state) =>
            state === null || state.sum === null
              ? null
              : writeDouble(state.sum / Number(state.count), decimals),
        )
    : () =>
        new NumberState<Average<ExactNumber>>(
          (row, state) => ({
            sum: addExactField(state?.sum ?? null, row[sumIndex]),
            count: countOf(row, state?.count),
          }),
          (state) =>
            state === null || state.sum === null
              ? null
              : writeExact(divideExact(state.sum, state.count, decimals)),
        );
}

const ALL_BITS = 2n ** 64n - 1n;

/** States of bits that are put together; `index` of the field. */
export function bitStates(kind: 'bitAnd' | 'bitOr' | 'bitXor', index: number): () => ValueState {
  const start = kind === 'bitAnd' ? ALL_BITS : 0n;
  const combine = (left: bigint, right: bigint): bigint =>
    kind === 'bitAnd' ? left & right : kind === 'bitOr' ? left | right : left ^ right;
  return () =>
    new NumberState<bigint>(
      (row, bits) => combine(bits ?? start, BigInt(latin1(row[index] ?? Buffer.from(String(start))))),
      (bits) => String(bits ?? start),
    );
}
