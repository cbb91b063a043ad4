import { setTimeout as delay } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import type { WritableSample } from '../history/history.ts';
import { monotonicTime } from './monotonic-time.ts';
import type { Session } from './session.ts';
import { firstNumber } from './session.ts';

const PAUSE_MILLISECONDS = 100;

/**
 * Asks a member again and again whether it takes writes, until the signal fires. One that does not answer is noted as
 * closed, since nothing reaches it.
 */
export async function watchMember(
  member: string,
  addressOf: () => string | undefined,
  connect: (host: string) => Promise<Session>,
  record: (sample: WritableSample) => void,
  signal: AbortSignal,
): Promise<void> {
  let session: Session | undefined;
  let host: string | undefined;
  while (!signal.aborted) {
    const start = monotonicTime();
    let writable = false;
    try {
      const address = addressOf();
      if (session === undefined || session.closed || host !== address) {
        session?.close();
        session = undefined;
        if (address !== undefined) {
          session = await connect(address);
          host = address;
        }
      }
      const rows = await session?.query<RowDataPacket[]>('SELECT @@global.read_only AS closed');
      writable = rows !== undefined && firstNumber(rows) === 0;
    } catch {
      session?.close();
    }
    record({ member, start, end: monotonicTime(), writable });
    await delay(PAUSE_MILLISECONDS);
  }
  session?.close();
}
