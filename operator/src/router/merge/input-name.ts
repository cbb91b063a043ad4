import type { RowColumn } from './merge-plan.ts';

/** What merged rows are called where a server calculates from them. */
export const MERGED_ROWS = '`shardwright`';

/** A column of merged rows as SQL. */
export function inputName(column: RowColumn): string {
  return `${MERGED_ROWS}.${columnName(column)}`;
}

/** Its name alone. */
export function columnName({ from, index }: RowColumn): string {
  return from === 'visible' ? `v${index}` : `h${index}`;
}
