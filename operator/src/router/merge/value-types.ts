/** How values are compared, by the type of their column in the answers. */
import { COLUMN_TYPE } from '../../wire/column-type.ts';
import { MergeError } from './merge-error.ts';

/** Ways to compare. */
export type ValueType = 'exact' | 'approximate' | 'bytes' | 'time' | 'text' | 'null';

const TYPES: ReadonlyMap<number, ValueType> = new Map<number, ValueType>([
  [COLUMN_TYPE.decimal, 'exact'],
  [COLUMN_TYPE.newDecimal, 'exact'],
  [COLUMN_TYPE.tiny, 'exact'],
  [COLUMN_TYPE.short, 'exact'],
  [COLUMN_TYPE.int24, 'exact'],
  [COLUMN_TYPE.long, 'exact'],
  [COLUMN_TYPE.longlong, 'exact'],
  [COLUMN_TYPE.year, 'exact'],
  [COLUMN_TYPE.double, 'approximate'],
  // Of the same number of digits after the point, so that texts are in the order of time.
  [COLUMN_TYPE.date, 'bytes'],
  [COLUMN_TYPE.newDate, 'bytes'],
  [COLUMN_TYPE.datetime, 'bytes'],
  [COLUMN_TYPE.time, 'time'],
  [COLUMN_TYPE.varchar, 'text'],
  [COLUMN_TYPE.varString, 'text'],
  [COLUMN_TYPE.string, 'text'],
  [COLUMN_TYPE.tinyBlob, 'text'],
  [COLUMN_TYPE.mediumBlob, 'text'],
  [COLUMN_TYPE.longBlob, 'text'],
  [COLUMN_TYPE.blob, 'text'],
  [COLUMN_TYPE.null, 'null'],
]);

/** How values of a column are compared. @throws MergeError for types whose order is not known here: FLOAT, BIT, TIMESTAMP, … */
export function valueTypeOf({ type, name }: { readonly type: number; readonly name: string }): ValueType {
  const found = TYPES.get(type);
  if (found === undefined) {
    throw new MergeError(
      'Unsupported',
      `Rows of several slots cannot be compared by ${name}, a value of type ${type}: convert it with CAST, or give the key`,
    );
  }
  return found;
}

/** Whether values of two types are sent alike: which of the types for texts the server names depends on how it read the row. */
export function areSentAlike(left: number, right: number): boolean {
  return left === right || (TYPES.get(left) === 'text' && TYPES.get(right) === 'text');
}
