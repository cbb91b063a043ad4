/** Putting the values of a group together from the parts of several slots. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { ColumnDefinition } from '../wire/column-definition.ts';
import type { Comparators, Fields } from './comparators.ts';
import { isApproximate, writeDouble } from './double-text.ts';
import { addExact, divideExact, type ExactNumber, readExact, writeExact } from './exact-number.ts';
import { MergeError } from './merge-error.ts';
import type { ComparedValue, GroupValue, RowColumn } from './merge-plan.ts';
import { valueTypeOf } from './value-types.ts';

/** One value of one group while its parts arrive. */
export interface ValueState {
  /** Takes the part of one row. `keep` copies a row, to be kept, and accounts for it; `count` accounts for bytes. */
  add(row: Fields, keep: () => Fields, count: (bytes: number) => void): void;
  /** The value as the server writes it; null for NULL. */
  text(): string | Buffer | null;
  /** The row that the value is of, for values that are taken from one. */
  row(): Fields | null;
}

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
    default:
      return assertNever(value);
  }
}

function latin1(field: Buffer): string {
  return field.toString('latin1');
}

class AnyState implements ValueState {
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

/** Keeps one number and no row. */
class NumberState<Sum> implements ValueState {
  readonly #take: (row: Fields, sum: Sum | null) => Sum | null;
  readonly #write: (sum: Sum | null) => string | null;
  #sum: Sum | null = null;

  constructor(take: (row: Fields, sum: Sum | null) => Sum | null, write: (sum: Sum | null) => string | null) {
    this.#take = take;
    this.#write = write;
  }

  add(row: Fields): void {
    this.#sum = this.#take(row, this.#sum);
  }

  text(): string | null {
    return this.#write(this.#sum);
  }

  row(): null {
    return null;
  }
}

function countStates(index: number): () => ValueState {
  return () =>
    new NumberState<bigint>(
      (row, sum) => (sum ?? 0n) + BigInt(latin1(row[index] ?? ZERO)),
      (sum) => String(sum ?? 0n),
    );
}

const ZERO = Buffer.from('0');

/** Adds a field to a sum; NULL adds nothing. */
function addExactField(sum: ExactNumber | null, field: Buffer | null | undefined): ExactNumber | null {
  if (field === null || field === undefined) {
    return sum;
  }
  const number = readExact(latin1(field));
  return sum === null ? number : addExact(sum, number);
}

function addDoubleField(sum: number | null, field: Buffer | null | undefined): number | null {
  if (field === null || field === undefined) {
    return sum;
  }
  // Not from 0 on: 0 + -0 is no -0.
  return sum === null ? Number(latin1(field)) : sum + Number(latin1(field));
}

function writeNullable<Sum>(write: (sum: Sum) => string): (sum: Sum | null) => string | null {
  return (sum) => (sum === null ? null : write(sum));
}

function sumStates(column: RowColumn, comparators: Comparators): () => ValueState {
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

function averageStates(
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

function extremeStates(compared: ComparedValue, sign: number, comparators: Comparators): () => ValueState {
  const compare = comparators.value(compared);
  const index = comparators.indexOf(compared.value);
  return () => new ExtremeState(index, (row, best) => compare(row, best) * sign > 0);
}

const ALL_BITS = 2n ** 64n - 1n;

function bitStates(kind: 'bitAnd' | 'bitOr' | 'bitXor', index: number): () => ValueState {
  const start = kind === 'bitAnd' ? ALL_BITS : 0n;
  const combine = (left: bigint, right: bigint): bigint =>
    kind === 'bitAnd' ? left & right : kind === 'bitOr' ? left | right : left ^ right;
  return () =>
    new NumberState<bigint>(
      (row, bits) => combine(bits ?? start, BigInt(latin1(row[index] ?? Buffer.from(String(start))))),
      (bits) => String(bits ?? start),
    );
}

class CountDistinctState implements ValueState {
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

function distinctSumStates(
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

function checkNumber(definition: ColumnDefinition): void {
  const type = valueTypeOf(definition);
  if (type !== 'exact' && type !== 'approximate' && type !== 'null') {
    throw new MergeError(
      'Unsupported',
      `${definition.name} over several slots is no sum of numbers: convert its argument with CAST, or give the key`,
    );
  }
}
