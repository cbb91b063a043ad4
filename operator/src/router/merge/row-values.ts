/** Values that are taken from one row of the group. */
import type { Comparators, Fields } from './comparators.ts';
import type { ComparedValue } from './merge-plan.ts';
import type { ValueState } from './value-state.ts';

/** The value of the first row. */
export class AnyState implements ValueState {
  readonly #index: number;
  #row: Fields | null = null;

  constructor(index: number) {
    this.#index = index;
  }

  add(_row: Fields, keep: () => Fields): void {
    this.#row ??= keep();
  }

  text(): Buffer | null {
    return this.#row?.[this.#index] ?? null;
  }

  row(): Fields | null {
    return this.#row;
  }
}

class ExtremeState implements ValueState {
  readonly #index: number;
  readonly #isBetter: (row: Fields, best: Fields) => boolean;
  #best: Fields | null = null;

  constructor(index: number, isBetter: (row: Fields, best: Fields) => boolean) {
    this.#index = index;
    this.#isBetter = isBetter;
  }

  add(row: Fields, keep: () => Fields): void {
    const field = row[this.#index] ?? null;
    if (field !== null && (this.#best === null || this.#isBetter(row, this.#best))) {
      this.#best = keep();
    }
  }

  text(): Buffer | null {
    return this.#best?.[this.#index] ?? null;
  }

  row(): Fields | null {
    return this.#best;
  }
}

/** States of the least (`sign` -1) or greatest (1) value. @throws MergeError */
export function extremeStates(
  compared: ComparedValue,
  sign: number,
  comparators: Comparators,
): () => ValueState {
  const compare = comparators.value(compared);
  const index = comparators.indexOf(compared.value);
  return () => new ExtremeState(index, (row, best) => compare(row, best) * sign > 0);
}
