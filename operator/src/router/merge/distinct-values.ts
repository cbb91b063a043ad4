/** Aggregates over distinct values: rows come grouped by the value as well, and one value from several slots. */
import type { ColumnDefinition } from '../../wire/column-definition.ts';
import type { Comparators, Fields } from './comparators.ts';
import { isApproximate, writeDouble } from './double-text.ts';
import { divideExact, type ExactNumber, writeExact } from './exact-number.ts';
import type { ComparedValue } from './merge-plan.ts';
import { addExactField, checkNumber, latin1, type ValueState, ZERO } from './value-state.ts';

/** Counts keys; a row with a NULL among them does not count. */
export class CountDistinctState implements ValueState {
  readonly #keys: readonly ((row: Fields) => string | null)[];
  readonly #seen = new Set<string>();

  constructor(keys: readonly ((row: Fields) => string | null)[]) {
    this.#keys = keys;
  }

  add(row: Fields, _keep: () => Fields, count: (bytes: number) => void): void {
    let whole = '';
    for (const key of this.#keys) {
      const own = key(row);
      if (own === null) {
        return;
      }
      whole += `${own.length}:${own}`;
    }
    if (!this.#seen.has(whole)) {
      count(whole.length);
      this.#seen.add(whole);
    }
  }

  text(): string {
    return String(this.#seen.size);
  }

  row(): null {
    return null;
  }
}

/** States of a sum or an average of distinct values. @throws MergeError */
export function distinctSumStates(
  kind: 'sumDistinct' | 'averageDistinct',
  compared: ComparedValue,
  result: ColumnDefinition,
  comparators: Comparators,
): () => ValueState {
  const index = comparators.indexOf(compared.value);
  const definition = comparators.definitionOf(compared.value);
  checkNumber(definition);
  const key = comparators.key(compared);
  const approximate = isApproximate(result.type) || isApproximate(definition.type);
  return () =>
    new DistinctSumState({
      index,
      key,
      approximate,
      isAverage: kind === 'averageDistinct',
      decimals: result.decimals,
    });
}

interface DistinctSumOptions {
  readonly index: number;
  readonly key: (row: Fields) => string | null;
  readonly approximate: boolean;
  readonly isAverage: boolean;
  readonly decimals: number;
}

class DistinctSumState implements ValueState {
  readonly #options: DistinctSumOptions;
  readonly #seen = new Set<string>();
  #exact: ExactNumber | null = null;
  #double = 0;

  constructor(options: DistinctSumOptions) {
    this.#options = options;
  }

  add(row: Fields, _keep: () => Fields, count: (bytes: number) => void): void {
    const { index, key, approximate } = this.#options;
    const own = key(row);
    if (own === null || this.#seen.has(own)) {
      return;
    }
    count(own.length);
    this.#seen.add(own);
    if (approximate) {
      this.#double += Number(latin1(row[index] ?? ZERO));
    } else {
      this.#exact = addExactField(this.#exact, row[index]);
    }
  }

  text(): string | null {
    const { approximate, isAverage, decimals } = this.#options;
    const count = this.#seen.size;
    if (count === 0) {
      return null;
    }
    if (approximate) {
      return writeDouble(isAverage ? this.#double / count : this.#double, decimals);
    }
    const sum = this.#exact ?? { units: 0n, scale: 0 };
    return writeExact(isAverage ? divideExact(sum, BigInt(count), decimals) : sum);
  }

  row(): null {
    return null;
  }
}
