import type { ColumnDefinition } from '../../wire/column-definition.ts';
import { MergeError } from './merge-error.ts';
import { areSentAlike } from './value-types.ts';

/**
 * Makes sure that two slots have answered with columns that are sent alike.
 * @throws MergeError `Mismatch`
 */
export function checkCommonColumns(
  columns: readonly ColumnDefinition[],
  other: readonly ColumnDefinition[],
): void {
  if (
    other.length !== columns.length ||
    other.some((column, index) => !areSentAlike(column.type, columns[index]?.type ?? -1))
  ) {
    throw new MergeError(
      'Mismatch',
      'Slots answer with different columns: a definition of the table is under way; try again when it has ended',
    );
  }
}
