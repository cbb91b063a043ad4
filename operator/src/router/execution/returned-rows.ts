/** RETURNING of several slots: a row for each that was inserted, in the order of the statement; or for each that was deleted. */
import { decodeColumn } from '../../wire/column-definition.ts';
import { encodeTextRow } from '../../wire/text-row.ts';
import { type CollectedResult, CollectingSink } from './collecting-sink.ts';
import type { Execution } from './execution.ts';
import { createBinaryWriter, createTextWriter } from './row-writer.ts';
import type { Statement } from './statement.ts';

/** Most bytes of the rows of one statement: they are kept until all slots have answered, since any of them may still fail. */
export const RETURNED_BYTES = 64 << 20;

/** What is left of the bytes that the parts of a statement may return. */
export interface ReturnedRoom {
  bytes: number;
}

/** Gathers what one slot returns. Rows for which there is no room are dropped, so that the connection can go on. */
export class ReturningSink extends CollectingSink {
  readonly #room: ReturnedRoom;

  constructor(room: ReturnedRoom) {
    super(Number.POSITIVE_INFINITY);
    this.#room = room;
  }

  override rows(buffer: Buffer, start: number, end: number): boolean {
    this.#room.bytes -= end - start;
    return this.#room.bytes < 0 || super.rows(buffer, start, end);
  }
}

/** What one slot has returned. */
export interface ReturnedPart {
  readonly result: CollectedResult;
  /** The places in the statement of the rows that it was given to insert. */
  readonly rows: readonly number[];
}

/**
 * The rows of all parts. A slot of an INSERT that returns as many as it was given has them in their order; where one does not, since IGNORE
 * left some out, which is which is not known, and the parts follow each other.
 */
export function orderReturned(parts: readonly ReturnedPart[]): CollectedResult['rows'] {
  const placed = parts.flatMap(({ result, rows }) =>
    result.rows.map((row, index) => ({ row, place: rows[index] ?? 0 })),
  );
  const isWhole = parts.every(({ result, rows }) => result.rows.length === rows.length);
  return (isWhole ? placed.toSorted((one, other) => one.place - other.place) : placed).map(({ row }) => row);
}

/** Answers with them. At least one part is needed. */
export async function answerReturning(
  execution: Execution,
  { answer, hasMore, isBinary, parsed }: Statement,
  { parts, insertId }: { readonly parts: readonly ReturnedPart[]; readonly insertId: bigint | undefined },
  signal: AbortSignal,
): Promise<void> {
  const [first] = parts;
  if (first === undefined) {
    throw new RangeError('nothing was returned');
  }
  const status = (): number => execution.status(hasMore);
  const { keyspaces } = execution.topology();
  const writer = (isBinary ? createBinaryWriter : createTextWriter)(answer, status, keyspaces);
  writer.columns(first.result.columns.map((definition) => decodeColumn(definition, answer.capabilities)));
  await writer.rows(orderReturned(parts).map(encodeTextRow), signal);
  execution.succeeded(first.result.completion, insertId, parsed.shape.kind);
  writer.end(
    status(),
    parts.reduce((sum, { result }) => sum + result.completion.warnings, 0),
  );
}
