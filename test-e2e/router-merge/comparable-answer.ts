import type { Answer } from './read-answer.ts';

const TEXT_TYPES = new Set([249, 250, 251, 252, 253, 254]);
const BINARY = 63;

/** What must be the same: what drivers look at of the columns, and the rows. */
export function comparable(
  { columns, rows }: Answer,
  ordered: boolean,
  folded: boolean,
): Record<string, unknown> {
  const texts = rows.map((row) =>
    row
      .map((field, index) => {
        const column = columns[index];
        const isText = column !== undefined && TEXT_TYPES.has(column.type) && column.collation !== BINARY;
        const text = field === null ? 'NULL' : isText ? field.toString() : `x${field.toString('latin1')}`;
        return isText && folded ? fold(text) : text;
      })
      .join('|'),
  );
  return {
    columns: columns.map(({ name, type, decimals, collation }) => ({
      name,
      type,
      collation,
      // Of texts it says nothing, and depends on how the server went about it, as widths do.
      decimals: TEXT_TYPES.has(type) ? 0 : decimals,
    })),
    rows: ordered ? texts : texts.toSorted(),
  };
}

/** One of all texts that the collations of the tables take for equal. */
function fold(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '').replaceAll('ß', 'ss').toLowerCase().trimEnd();
}
