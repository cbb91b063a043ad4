import type { ColumnDefinition } from '../../../wire/column-definition.ts';
import { textColumn } from '../../../wire/column-definition.ts';
import { encodeTextRow } from '../../../wire/text-row.ts';
import type { RowSource } from '../merge-input.ts';

/** Fields of a row as text; one byte for each character. */
export type Row = readonly (string | null)[];

/** A column of a type. */
export function column(name: string, type: number): ColumnDefinition {
  return { ...textColumn(name), type };
}

/** A slot that answers with these rows, two at a time; `reads` counts how often it was asked. */
export function sourceOf(
  columns: readonly ColumnDefinition[],
  rows: readonly Row[],
): RowSource & { readonly reads: number } {
  let reads = 0;
  return {
    open: () => Promise.resolve(columns),
    get reads() {
      return reads;
    },
    read: () => {
      const batch = rows.slice(reads * 2, reads * 2 + 2);
      reads += 1;
      const payloads = batch.map((row) =>
        encodeTextRow(row.map((field) => (field === null ? null : Buffer.from(field, 'latin1')))),
      );
      return Promise.resolve(payloads.length === 0 ? null : payloads);
    },
  };
}
