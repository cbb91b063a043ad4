import type { Completion } from '../backend/outcome.ts';

/** Of several answers to parts of one statement, the one that a client is told. */
export interface SummedAnswer {
  readonly affectedRows: bigint;
  readonly warnings: number;
  readonly message: string;
}

/** Most warnings that an OK packet can tell of. */
const MAX_WARNINGS = 65_535;

/**
 * Of an INSERT that several slots have a part of: servers have no text for a part of one row, but the client has sent several.
 * Source: sql_insert.cc of MariaDB: a row that replaces or updates another counts twice, one that IGNORE leaves out warns.
 */
export function sumInserts(completions: readonly Completion[]): SummedAnswer {
  return sumAnswers(
    completions.length < 2
      ? completions
      : completions.map((completion) =>
          completion.message === '' ? { ...completion, message: oneRow(completion) } : completion,
        ),
  );
}

function oneRow({ affectedRows, warnings }: Completion): string {
  const isDuplicate = affectedRows > 1n || (affectedRows === 0n && warnings > 0);
  return `Records: 1  Duplicates: ${isDuplicate ? 1 : 0}  Warnings: ${warnings}`;
}

/** Adds up what servers tell of a write: rows, warnings, and the numbers in texts such as `Records: 3  Duplicates: 0  Warnings: 0`. */
export function sumAnswers(completions: readonly Completion[]): SummedAnswer {
  return {
    affectedRows: completions.reduce((sum, { affectedRows }) => sum + affectedRows, 0n),
    warnings: Math.min(
      MAX_WARNINGS,
      completions.reduce((sum, { warnings }) => sum + warnings, 0),
    ),
    message: sumMessages(completions.map(({ message }) => message)),
  };
}

const NUMBER = /\d+/g;

/** A single row has no text, several have: the texts that are there must be of one form to be added. */
function sumMessages(messages: readonly string[]): string {
  const told = messages.filter((message) => message !== '');
  const [first] = told;
  if (
    first === undefined ||
    told.some((message) => message.replaceAll(NUMBER, '') !== first.replaceAll(NUMBER, ''))
  ) {
    return '';
  }
  const sums = told
    .map((message) => [...message.matchAll(NUMBER)].map(([digits]) => BigInt(digits)))
    .reduce((sum, numbers) => sum.map((value, index) => value + (numbers[index] ?? 0n)));
  let index = -1;
  return first.replaceAll(NUMBER, () => {
    index += 1;
    return String(sums[index] ?? 0n);
  });
}
