import type { BackendConnection } from '../backend/backend-connection.ts';
import type { Outcome } from '../backend/outcome.ts';
import { type Diagnostic, diagnosticOf, NO_DIAGNOSTICS } from '../session/diagnostics.ts';
import { CollectingSink } from './collecting-sink.ts';

/** Whether a statement has left an error or warnings. */
export function hasDiagnostics({ error, completion }: Outcome): boolean {
  return error !== undefined || (completion !== undefined && completion.warnings > 0);
}

/**
 * What the connection has to tell of the statement that it has just run, and that has left something. Warnings stay on the connection, which the session
 * may not get again: they are read at once, where there are any. A connection that fails meanwhile has told nothing.
 */
export async function readDiagnostics(
  connection: BackendConnection,
  { error }: Outcome,
  signal: AbortSignal,
): Promise<readonly Diagnostic[]> {
  if (error !== undefined) {
    return [diagnosticOf(error)];
  }
  const sink = new CollectingSink();
  try {
    await connection.query(Buffer.from('SHOW WARNINGS'), sink, {}, signal);
  } catch {
    return NO_DIAGNOSTICS;
  }
  const rows = sink.results.at(-1)?.rows ?? [];
  return rows.map(([level, code, message]) => ({
    level: level?.toString() ?? '',
    code: code?.toString() ?? '',
    message: message?.toString() ?? '',
  }));
}
