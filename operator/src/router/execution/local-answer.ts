import type { ClientAnswer } from '../client/client-answer.ts';
import { encodeBinaryRow } from '../../wire/binary-row.ts';
import { textColumn } from '../../wire/column-definition.ts';
import { valueTypeOf } from '../../wire/wire-value.ts';

/** A small result of text that the router makes itself. */
export interface LocalResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** Writes it, in the protocol of the command: rows of text are bytes in both, framed differently. */
export function answerLocally(
  answer: ClientAnswer,
  { columns, rows }: LocalResult,
  status: number,
  isBinary: boolean,
): void {
  const definitions = columns.map((name) => textColumn(name));
  const values = rows.map((row) => row.map((value) => (value === null ? null : Buffer.from(value))));
  if (!isBinary) {
    answer.textResult(definitions, values, status, 0);
    return;
  }
  const types = definitions.map(valueTypeOf);
  answer.columns(definitions, status);
  for (const row of values) {
    answer.packet(encodeBinaryRow(row, types));
  }
  answer.endOfRows(status, 0);
}
