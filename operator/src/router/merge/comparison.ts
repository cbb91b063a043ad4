/** How the values of columns are put in order, by their types and collations. */
import type { ColumnDescription } from '../routing/catalog.ts';
import { CannotMerge } from './scatter-select.ts';

/** How values of a type are put in order. */
export type Comparison =
  /** As their text or number in the answer. */
  | 'plain'
  /** By weights. */
  | 'text'
  /** Members of a list by their position, bits as a number. */
  | 'position'
  /** In full: the text of a FLOAT has six digits. */
  | 'float'
  /** By the second: an hour is there twice when summer ends. */
  | 'timestamp';

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  ...forAll('plain', 'tinyint smallint mediumint int bigint decimal double year date datetime time'),
  ...forAll('plain', 'binary varbinary tinyblob blob mediumblob longblob'),
  ...forAll('text', 'char varchar tinytext text mediumtext longtext'),
  ...forAll('position', 'enum set bit'),
  float: 'float',
  timestamp: 'timestamp',
};

/** Collations whose weights have several levels, one after the other: filling up with spaces is not done at the end. */
const SEVERAL_LEVELS = /_as_|_cs$|_w2$/i;

function forAll(comparison: Comparison, types: string): Record<string, Comparison> {
  return Object.fromEntries(types.split(' ').map((type) => [type, comparison]));
}

/** How a column is compared. @throws CannotMerge for types whose order is not known here. */
export function comparisonOf({ name, dataType }: ColumnDescription): Comparison {
  const comparison = COMPARISONS[dataType];
  if (comparison === undefined) {
    throw new CannotMerge(
      `Rows of several slots are compared by the column ${name} of type ${dataType}`,
      'Compare them by a column of another type, or give the key',
    );
  }
  return comparison;
}

/** Whether texts in a column are filled up with spaces to be compared. @throws CannotMerge where weights do not tell the order */
export function isPadded({ name, collation }: ColumnDescription): boolean {
  if (collation === null || SEVERAL_LEVELS.test(collation)) {
    throw new CannotMerge(
      `Rows of several slots are compared by the column ${name} of collation ${collation ?? '(none)'}`,
      'Give the column a collation that ends in _bin or _ai_ci or _general_ci, or give the key',
    );
  }
  return !collation.includes('_nopad_');
}

/** Makes sure that weights tell the order of a collation that a statement names; null: by something else than a name. @throws CannotMerge */
export function checkNamedCollation(collation: string | null): void {
  if (collation === null || SEVERAL_LEVELS.test(collation)) {
    throw new CannotMerge(
      `Rows of several slots are compared in the collation ${collation ?? '(not named)'}`,
      'Name one that ends in _bin or _ai_ci or _general_ci, or give the key',
    );
  }
}
