/** What the values of groups are made of. */
import type { ColumnDefinition } from '../../wire/column-definition.ts';
import type { Fields } from './comparators.ts';
import { addExact, type ExactNumber, readExact } from './exact-number.ts';
import { MergeError } from './merge-error.ts';
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

/** Keeps one number and no row. */
export class NumberState<Sum> implements ValueState {
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

/** The field of a count that is not there. */
export const ZERO = Buffer.from('0');

/** A field as text. */
export function latin1(field: Buffer): string {
  return field.toString('latin1');
}

/** Adds a field to a sum; NULL adds nothing. */
export function addExactField(sum: ExactNumber | null, field: Buffer | null | undefined): ExactNumber | null {
  if (field === null || field === undefined) {
    return sum;
  }
  const number = readExact(latin1(field));
  return sum === null ? number : addExact(sum, number);
}

/** The same for approximate numbers. */
export function addDoubleField(sum: number | null, field: Buffer | null | undefined): number | null {
  if (field === null || field === undefined) {
    return sum;
  }
  // Not from 0 on: 0 + -0 is no -0.
  return sum === null ? Number(latin1(field)) : sum + Number(latin1(field));
}

/** Writes a sum; null for NULL. */
export function writeNullable<Sum>(write: (sum: Sum) => string): (sum: Sum | null) => string | null {
  return (sum) => (sum === null ? null : write(sum));
}

/** @throws MergeError when a column's values are no numbers */
export function checkNumber(definition: ColumnDefinition): void {
  const type = valueTypeOf(definition);
  if (type !== 'exact' && type !== 'approximate' && type !== 'null') {
    throw new MergeError(
      'Unsupported',
      `${definition.name} over several slots is no sum of numbers: convert its argument with CAST, or give the key`,
    );
  }
}
