import { abortReason } from '../../runtime/abort.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { BackendMetrics } from '../metrics/backend-metrics.ts';
import { AbortWatch } from './abort-watch.ts';
import type { BackendServer } from './backend-connection.ts';
import { BackendError } from './backend-error.ts';
import type { Loan } from './backend-pool.ts';
import type { PoolSettings } from './pool-settings.ts';
import type { Waiter, WaitingList } from './waiting-list.ts';

/** What a wait depends on. */
export interface WaitOptions {
  readonly server: BackendServer;
  readonly settings: PoolSettings;
  readonly clock: Clock;
  readonly metrics: BackendMetrics;
}

/**
 * Waits on a list until somebody serves the wish; `added` is called once it is there. Rejects with BackendError where the list is full,
 * the wait takes too long or the signal aborts; it is on the list no longer then.
 */
export function waitForLoan(
  { server: { pod }, settings, clock, metrics }: WaitOptions,
  waiting: WaitingList<Loan>,
  wish: Pick<Waiter<Loan>, 'request' | 'key'>,
  added: () => void,
  signal: AbortSignal,
): Promise<Loan> {
  const aborted = (): BackendError =>
    new BackendError('Aborted', `the wait for ${pod} was given up`, { cause: abortReason(signal) });
  if (signal.aborted) {
    return Promise.reject(aborted());
  }
  if (waiting.length >= settings.waitingPerServer) {
    metrics.notLent(pod, 'PoolFull');
    return Promise.reject(
      new BackendError(
        'PoolFull',
        `${settings.waitingPerServer} requests wait for a connection to ${pod} already`,
      ),
    );
  }
  const { promise, resolve, reject } = Promise.withResolvers<Loan>();
  const waiter: Waiter<Loan> = { ...wish, since: clock.monotonic(), resolve, reject };
  const giveUp = (error: BackendError): void => {
    if (waiting.remove(waiter)) {
      metrics.notLent(pod, error.code);
      reject(error);
    }
  };
  const timer = clock.setTimer(settings.waitMilliseconds, () =>
    giveUp(
      new BackendError(
        'PoolTimeout',
        `no connection to ${pod} became free within ${settings.waitMilliseconds} ms`,
      ),
    ),
  );
  const watch = AbortWatch.of(signal);
  const watcher = { aborted: () => giveUp(aborted()) };
  watch.add(watcher);
  waiting.add(waiter);
  added();
  return promise.finally(() => {
    timer.cancel();
    watch.remove(watcher);
  });
}
