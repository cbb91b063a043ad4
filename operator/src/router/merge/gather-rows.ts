/** Rows of all slots as a table of one server, which answers from them. */
import type { ColumnDefinition } from '../../wire/column-definition.ts';
import { encodeTextRow } from '../../wire/text-row.ts';
import type { CalculationOptions } from './calculate-groups.ts';
import type { Comparators, Fields } from './comparators.ts';
import { type InputValue, literalWriter, type WriteLiteral } from './input-literal.ts';
import { columnName, MERGED_ROWS } from './input-name.ts';
import { MergeError } from './merge-error.ts';
import type { GatheredRows, RowColumn } from './merge-plan.ts';
import type { StreamedRow } from './row-streams.ts';
import { checkSameKind } from './same-kind.ts';

/** The client's columns, and payloads of its rows. */
export interface GatheredAnswer {
  readonly columns: readonly ColumnDefinition[];
  readonly rows: readonly Buffer[];
}

/** Most bytes of literals: less than max_allowed_packet. */
const MOST_BYTES = 8 << 20;

/**
 * Reads all rows first: what slots are asked over must be free before one of them is asked again.
 * @throws MergeError for more rows than the plan allows, and for values that cannot be given; and what `calculate` rejects with
 */
export async function gatherRows(
  plan: GatheredRows,
  rows: AsyncIterable<StreamedRow>,
  { comparators, budget, calculate, signal }: CalculationOptions,
): Promise<GatheredAnswer> {
  const literalsOf = rowWriter(plan, comparators);
  const literals: string[] = [];
  let bytes = 0;
  for await (const { fields } of rows) {
    const row = `(${literalsOf(fields)})`;
    bytes += row.length;
    if (literals.length === plan.most || bytes > MOST_BYTES) {
      throw new MergeError(
        'TooManyRows',
        `One server would have to see more than ${plan.most} rows, or ${MOST_BYTES} bytes, of several slots: narrow the statement by WHERE, or group by the key column`,
      );
    }
    budget.keepBytes(row.length);
    literals.push(row);
  }
  const names = plan.columns.flatMap(({ column, text }) =>
    text === null ? [column] : [column, text.bytes, text.charset],
  );
  const {
    named,
    columns,
    rows: answered,
  } = await calculate({ needsColumns: true, around: around(plan, names.length, literals) }, signal);
  for (const [index, column] of columns.entries()) {
    checkSameKind(named[index], column);
  }
  return { columns: named, rows: answered.map((fields) => encodeTextRow(fields)) };
}

function around(
  { select }: GatheredRows,
  columns: number,
  literals: readonly string[],
): { readonly before: string; readonly after: string } {
  const names = Array.from({ length: columns }, (_name, index) => columnName({ from: 'hidden', index }));
  const values = literals.length === 0 ? '' : ` UNION ALL VALUES ${literals.join()}`;
  return {
    // A comment may end the template.
    before: `WITH ${MERGED_ROWS} (${names.join()}) AS ((`,
    after: `\n)${values}) ${select}`,
  };
}

/** Writes a row of literals, in the order of the columns that slots answer with. */
function rowWriter({ columns }: GatheredRows, comparators: Comparators): (fields: Fields) => string {
  const writers = columns.map(({ column, text }) => {
    const write: WriteLiteral = literalWriter(comparators.definitionOf(column));
    const place = comparators.indexOf(column);
    const extra = text === null ? null : placesOf(text, comparators);
    return (fields: Fields): string => {
      const value: InputValue = {
        text: fields[place] ?? null,
        bytes: extra === null ? null : (fields[extra.bytes] ?? null),
        charset: extra === null ? null : (fields[extra.charset]?.toString('latin1') ?? null),
      };
      return extra === null ? write(value) : `${write(value)},NULL,NULL`;
    };
  });
  return (fields) => writers.map((write) => write(fields)).join();
}

function placesOf(
  { bytes, charset }: { readonly bytes: RowColumn; readonly charset: RowColumn },
  comparators: Comparators,
): { readonly bytes: number; readonly charset: number } {
  return { bytes: comparators.indexOf(bytes), charset: comparators.indexOf(charset) };
}
