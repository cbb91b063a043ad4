/** Comparing rows of different slots as one server would. */
import type { ColumnDefinition } from '../../wire/column-definition.ts';
import { compareExactTexts, exactKey } from './exact-number.ts';
import type { ComparedValue, MergeOrder, RowColumn } from './merge-plan.ts';
import { type ValueType, valueTypeOf } from './value-types.ts';

/** Fields of a row in the text protocol. */
export type Fields = readonly (Buffer | null)[];

/** Negative, zero or positive as `left` comes before, with or after `right`. */
export type CompareRows = (left: Fields, right: Fields) => number;

/** A text that is the same for rows that are equal in a value; null for NULL. */
export type KeyOfRow = (row: Fields) => string | null;

/** Index of a column among the fields. `columns`: how many there are; `hidden`: how many of these are at the end. */
export function fieldIndex({ from, index }: RowColumn, columns: number, hidden: number): number {
  return from === 'visible' ? index : columns - hidden + index;
}

/** The means to compare rows that have these columns, the last `hidden` of which were added. */
export class Comparators {
  readonly #columns: readonly ColumnDefinition[];
  readonly #hidden: number;

  constructor(columns: readonly ColumnDefinition[], hidden: number) {
    this.#columns = columns;
    this.#hidden = hidden;
  }

  /** @throws RangeError for a column that is not there */
  indexOf(column: RowColumn): number {
    const index = fieldIndex(column, this.#columns.length, this.#hidden);
    if (this.#columns[index] === undefined) {
      throw new RangeError(`there is no column ${index}`);
    }
    return index;
  }

  definitionOf(column: RowColumn): ColumnDefinition {
    const definition = this.#columns[this.indexOf(column)];
    if (definition === undefined) {
      throw new RangeError('there is no such column');
    }
    return definition;
  }

  /** How a value is compared. @throws MergeError for a type whose order is not known here */
  typeOf({ value }: ComparedValue): ValueType {
    return valueTypeOf(this.definitionOf(value));
  }

  /** Compares by ORDER BY: NULL first, and last where descending. */
  order(by: readonly MergeOrder[]): CompareRows {
    const parts = by.map((part) => ({ compare: this.value(part), sign: part.descending ? -1 : 1 }));
    return (left, right) => {
      for (const { compare, sign } of parts) {
        const difference = compare(left, right);
        if (difference !== 0) {
          return difference * sign;
        }
      }
      return 0;
    };
  }

  /** Compares by one value, NULL first. @throws MergeError for a type whose order is not known here */
  value(compared: ComparedValue): CompareRows {
    const { index, type, space } = this.#comparison(compared);
    const compareValues = COMPARE[type];
    return (left, right) => {
      const one = left[index] ?? null;
      const other = right[index] ?? null;
      if (one === null || other === null) {
        return one === other ? 0 : one === null ? -1 : 1;
      }
      return compareValues(one, other, space === null ? null : (left[space] ?? null));
    };
  }

  /** Keys of one value. */
  key(compared: ComparedValue): KeyOfRow {
    const { index, type, space } = this.#comparison(compared);
    const keyOf = KEYS[type];
    return (row) => {
      const value = row[index] ?? null;
      return value === null ? null : keyOf(value, space === null ? null : (row[space] ?? null));
    };
  }

  /** Keys of several values together; never null, since NULL is equal to NULL in groups. */
  keys(compared: readonly ComparedValue[]): (row: Fields) => string {
    const parts = compared.map((value) => this.key(value));
    return (row) => {
      let key = '';
      for (const part of parts) {
        const own = part(row);
        key += own === null ? 'n' : `${own.length}:${own}`;
      }
      return key;
    };
  }

  #comparison(compared: ComparedValue): {
    readonly index: number;
    readonly type: ValueType;
    readonly space: number | null;
  } {
    const { value, weight } = compared;
    const type = this.typeOf(compared);
    return type === 'text' && weight !== null
      ? {
          index: this.indexOf(weight.text),
          type,
          space: weight.space === null ? null : this.indexOf(weight.space),
        }
      : { index: this.indexOf(value), type, space: null };
  }
}

type CompareValues = (left: Buffer, right: Buffer, space: Buffer | null) => number;

const COMPARE: Readonly<Record<ValueType, CompareValues>> = {
  exact: compareExactTexts,
  approximate: (left, right) => Number(left.toString('latin1')) - Number(right.toString('latin1')),
  bytes: (left, right) => left.compare(right),
  time: (left, right) => readTime(left) - readTime(right),
  text: compareWeights,
  null: () => 0,
};

const KEYS: Readonly<Record<ValueType, (value: Buffer, space: Buffer | null) => string>> = {
  exact: exactKey,
  // Of -0 and 0, which are equal, the text is the same.
  approximate: (value) => String(Number(value.toString('latin1'))),
  bytes: (value) => value.toString('latin1'),
  time: (value) => String(readTime(value)),
  text: (value, space) => withoutSpaces(value, space).toString('latin1'),
  null: () => '',
};

/** Compares weights as if the shorter went on with spaces. */
export function compareWeights(left: Buffer, right: Buffer, space: Buffer | null): number {
  const length = Math.min(left.length, right.length);
  const difference = left.compare(right, 0, length, 0, length);
  if (difference !== 0 || left.length === right.length) {
    return difference;
  }
  if (space === null || space.length === 0) {
    return left.length - right.length;
  }
  const longer = left.length > right.length ? left : right;
  const sign = longer === left ? 1 : -1;
  for (let index = length; index < longer.length; index += 1) {
    const beyond = (longer[index] ?? 0) - (space[(index - length) % space.length] ?? 0);
    if (beyond !== 0) {
      return beyond * sign;
    }
  }
  return 0;
}

function withoutSpaces(weights: Buffer, space: Buffer | null): Buffer {
  let end = weights.length;
  if (space !== null && space.length > 0) {
    while (end >= space.length && weights.compare(space, 0, space.length, end - space.length, end) === 0) {
      end -= space.length;
    }
  }
  return weights.subarray(0, end);
}

const SECONDS = 60;

/** Microseconds of a TIME: `-838:59:59.000000`. */
function readTime(value: Buffer): number {
  const text = value.toString('latin1');
  const isNegative = text.startsWith('-');
  const [hours = '0', minutes = '0', seconds = '0'] = (isNegative ? text.slice(1) : text).split(':');
  const total = Math.round(((Number(hours) * SECONDS + Number(minutes)) * SECONDS + Number(seconds)) * 1e6);
  return isNegative && total !== 0 ? -total : total;
}
