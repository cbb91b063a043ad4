import type { Clock } from '../../runtime/clock.ts';
import type { BackendConnection } from './backend-connection.ts';
import { BackendError } from './backend-error.ts';

/** Whether a request succeeds within a time; otherwise its connection is given up. */
export async function answersInTime(
  connection: BackendConnection,
  request: () => Promise<void>,
  clock: Clock,
  milliseconds: number,
): Promise<boolean> {
  const timer = clock.setTimer(milliseconds, () =>
    connection.destroy(
      new BackendError('Timeout', `${connection.server.pod} did not answer within ${milliseconds} ms`),
    ),
  );
  try {
    await request();
    return true;
  } catch {
    return false;
  } finally {
    timer.cancel();
  }
}
