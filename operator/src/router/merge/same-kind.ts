import type { ColumnDefinition } from '../../wire/column-definition.ts';
import { COLUMN_TYPE } from '../../wire/column-type.ts';
import { MergeError } from './merge-error.ts';
import { areSentAlike } from './value-types.ts';

/**
 * Makes sure that what a server has made of merged rows is what the statement's own column says: literals were of the right types.
 * @throws MergeError where it is not
 */
export function checkSameKind(own: ColumnDefinition | undefined, made: ColumnDefinition | undefined): void {
  if (own === undefined || made === undefined || !isSameKind(own, made)) {
    throw new MergeError(
      'Unsupported',
      `${own?.name ?? 'An expression'} over several slots comes out as another type than in one database: select the aggregates alone, or give the key`,
    );
  }
}

/** Whole numbers of any width are written alike, and so are years but the year 0, which no literal gives. */
const INTEGERS: ReadonlySet<number> = new Set([
  COLUMN_TYPE.tiny,
  COLUMN_TYPE.short,
  COLUMN_TYPE.int24,
  COLUMN_TYPE.long,
  COLUMN_TYPE.longlong,
  COLUMN_TYPE.year,
]);

const TEXTS_FROM = COLUMN_TYPE.tinyBlob;

/** Whether values of two columns are written alike. */
function isSameKind(own: ColumnDefinition, other: ColumnDefinition): boolean {
  if (own.type === COLUMN_TYPE.null || other.type === COLUMN_TYPE.null) {
    return true;
  }
  if (INTEGERS.has(own.type) && INTEGERS.has(other.type)) {
    return true;
  }
  // Of texts it says nothing.
  return areSentAlike(own.type, other.type) && (own.type >= TEXTS_FROM || own.decimals === other.decimals);
}
