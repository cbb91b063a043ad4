import { BackendError } from '../backend/backend-error.ts';
import type { BackendConnection } from '../backend/backend-connection.ts';
import { CollectingSink } from './collecting-sink.ts';

/**
 * Whether the replica has everything up to a GTID within so many milliseconds. A connection that fails meanwhile has not, nor has
 * one whose signal aborts.
 */
export async function awaitPosition(
  connection: BackendConnection,
  gtid: string,
  milliseconds: number,
  signal: AbortSignal,
): Promise<boolean> {
  const sink = new CollectingSink();
  const text = `SELECT MASTER_GTID_WAIT('${gtid}', ${milliseconds / 1000})`;
  try {
    await connection.query(Buffer.from(text), sink, {}, signal);
  } catch (error) {
    if (error instanceof BackendError || signal.aborted) {
      return false;
    }
    throw error;
  }
  return sink.results[0]?.rows[0]?.[0]?.toString() === '0';
}
