import { FRAME_HEADER, isFullFrame } from '../../wire/frame.ts';
import { decodeTextRow } from '../../wire/text-row.ts';
import type { BackendConnection } from './backend-connection.ts';
import { BackendError } from './backend-error.ts';
import { NO_SINK } from './no-sink.ts';
import { quoteIdentifier } from './prelude.ts';

/**
 * The session's values of system variables, as text, null for NULL, by the names given. For what a SET has made of them:
 * servers report changes under wrong names. Rejects with BackendError, and where a name is none.
 */
export async function readVariables(
  connection: BackendConnection,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string | null>> {
  let row: Buffer | undefined;
  const statement = `SELECT ${names.map((name) => `@@session.${quoteIdentifier(name)}`).join(',')}`;
  const { error } = await connection.query(
    Buffer.from(statement),
    {
      ...NO_SINK,
      rows(buffer, start, end) {
        row = isFullFrame(start, end) ? undefined : buffer.subarray(start + FRAME_HEADER, end);
        return true;
      },
    },
    {},
    signal,
  );
  if (error !== undefined || row === undefined) {
    throw new BackendError(
      'ProtocolViolation',
      `${connection.server.pod} told no values: ${error?.message ?? ''}`,
      {
        execution: 'Answered',
        ...(error === undefined ? {} : { serverError: error }),
      },
    );
  }
  const values = decodeTextRow(row, names.length);
  return new Map(names.map((name, place) => [name, values[place]?.toString('utf8') ?? null]));
}
