import { abortReason } from '../../runtime/abort.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { BackendMetrics } from '../metrics/backend-metrics.ts';
import { watchAbort } from './abort-watch.ts';
import { answersInTime } from './answer-in-time.ts';
import type { BackendConnection, BackendServer } from './backend-connection.ts';
import { BackendError } from './backend-error.ts';
import type { LendRequest, Loan, PoolStats } from './backend-pool.ts';
import { IdleConnections } from './idle-connections.ts';
import { poolKey } from './pool-key.ts';
import type { PoolSettings } from './pool-settings.ts';
import { type Waiter, WaitingList } from './waiting-list.ts';

export interface ServerPoolOptions {
  readonly server: BackendServer;
  readonly settings: PoolSettings;
  readonly clock: Clock;
  readonly metrics: BackendMetrics;
  /** Makes a connection, within the time a login may take. */
  readonly connect: (request: LendRequest, signal: AbortSignal) => Promise<BackendConnection>;
}

/** The connections to one server. */
export class ServerPool {
  readonly server: BackendServer;
  readonly #options: ServerPoolOptions;
  readonly #idle: IdleConnections;
  readonly #waiting = new WaitingList<Loan>();
  /** Everything that is open, and when it was opened. */
  readonly #openedAt = new Map<BackendConnection, number>();
  readonly #scope = new AbortController();
  #opening = 0;
  #retired: BackendError | undefined;

  constructor(options: ServerPoolOptions) {
    this.server = options.server;
    this.#options = options;
    this.#idle = new IdleConnections(options.clock, options.settings.idleMilliseconds, (connection) =>
      this.#close(connection, 'nobody used it'),
    );
  }

  get stats(): PoolStats {
    return {
      pod: this.server.pod,
      idle: this.#idle.length,
      lent: this.#openedAt.size - this.#idle.length,
      opening: this.#opening,
      waiting: this.#waiting.length,
    };
  }

  /** See BackendPools. */
  async lend(request: LendRequest, signal: AbortSignal): Promise<Loan> {
    if (this.#retired !== undefined) {
      throw this.#retired;
    }
    const key = poolKey(request);
    const { clock, metrics, settings } = this.#options;
    for (;;) {
      const idle = this.#idle.take(key, request.surroundings);
      if (idle === undefined) {
        return this.#wait(request, key, signal);
      }
      if (
        clock.monotonic() - idle.since < settings.probeMilliseconds ||
        (await this.#succeeds(idle.connection, (probe) => idle.connection.ping(probe)))
      ) {
        metrics.lent(this.server.pod, 'idle', 0);
        return this.#loan(idle.connection, key);
      }
    }
  }

  /** Ends all connections, and lends none any more. */
  retire(reason: BackendError): void {
    if (this.#retired !== undefined) {
      return;
    }
    this.#retired = reason;
    this.#scope.abort(reason);
    for (const waiter of this.#waiting.takeAll()) {
      waiter.reject(reason);
    }
    for (const connection of this.#openedAt.keys()) {
      connection.destroy(reason);
    }
  }

  #wait(request: LendRequest, key: string, signal: AbortSignal): Promise<Loan> {
    const { settings, clock, metrics } = this.#options;
    const { pod } = this.server;
    const aborted = (): BackendError =>
      new BackendError('Aborted', `the wait for ${pod} was given up`, { cause: abortReason(signal) });
    if (signal.aborted) {
      return Promise.reject(aborted());
    }
    if (this.#waiting.length >= settings.waitingPerServer) {
      metrics.notLent(pod, 'PoolFull');
      return Promise.reject(
        new BackendError(
          'PoolFull',
          `${settings.waitingPerServer} requests wait for a connection to ${pod} already`,
        ),
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<Loan>();
    const waiter: Waiter<Loan> = { request, key, since: clock.monotonic(), resolve, reject };
    const giveUp = (error: BackendError): void => {
      if (this.#waiting.remove(waiter)) {
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
    const unwatch = watchAbort(signal, () => giveUp(aborted()));
    this.#waiting.add(waiter);
    this.#openForWaiters();
    return promise.finally(() => {
      timer.cancel();
      unwatch();
    });
  }

  /** Opens a connection for each waiter that has none under way, as far as the limits go. */
  #openForWaiters(): void {
    const { connectionsPerServer, loginsPerServer } = this.#options.settings;
    for (const waiter of this.#waiting.from(this.#opening)) {
      if (this.#opening >= loginsPerServer) {
        return;
      }
      if (this.#openedAt.size + this.#opening >= connectionsPerServer) {
        // Somebody else's, or it would have been lent.
        const oldest = this.#idle.takeOldest();
        if (oldest === undefined) {
          return;
        }
        this.#close(oldest.connection, 'its place is needed for another user');
      }
      void this.#open(waiter);
    }
  }

  async #open({ request, key }: Waiter<Loan>): Promise<void> {
    const { connect, clock, metrics } = this.#options;
    const { pod } = this.server;
    const begun = clock.monotonic();
    this.#opening += 1;
    try {
      const connection = await connect(request, this.#scope.signal);
      this.#opening -= 1;
      metrics.opened(pod, (clock.monotonic() - begun) / 1000);
      this.#openedAt.set(connection, clock.monotonic());
      void connection.ended.then((reason) => this.#ended(connection, reason));
      if (this.#retired === undefined) {
        this.#offer(connection, key);
        this.#openForWaiters();
      } else {
        connection.destroy(this.#retired);
      }
    } catch (error) {
      this.#opening -= 1;
      const failure = error as BackendError;
      metrics.refused(pod, failure.code);
      this.#notOpened(key, failure);
    }
  }

  /** One waiter fails for each login that failed; a server without room is waited for while others may give back. */
  #notOpened(key: string, failure: BackendError): void {
    if (failure.code === 'TooManyConnections' && this.#openedAt.size > 0) {
      const oldest = this.#idle.takeOldest();
      if (oldest !== undefined) {
        this.#close(oldest.connection, 'its place is needed for another user');
      }
      return;
    }
    const waiter = this.#waiting.take(key);
    if (waiter !== undefined) {
      this.#options.metrics.notLent(this.server.pod, failure.code);
      waiter.reject(failure);
    }
    this.#openForWaiters();
  }

  #loan(connection: BackendConnection, key: string): Loan {
    let isOut = true;
    return {
      connection,
      giveBack: ({ clean }) => {
        if (isOut) {
          isOut = false;
          void this.#takeBack(connection, key, clean);
        }
      },
    };
  }

  async #takeBack(connection: BackendConnection, key: string, clean: boolean): Promise<void> {
    const { clock, settings, metrics } = this.#options;
    if (connection.failure !== undefined) {
      return;
    }
    const openedAt = this.#openedAt.get(connection) ?? 0;
    if (clock.monotonic() - openedAt >= settings.ageMilliseconds) {
      this.#close(connection, 'it is old');
      return;
    }
    if (!clean || !connection.isClean) {
      metrics.reset(this.server.pod);
      if (!(await this.#succeeds(connection, (signal) => connection.reset(signal)))) {
        return;
      }
    }
    this.#offer(connection, key);
  }

  /** To whoever waits, else to the idle ones. */
  #offer(connection: BackendConnection, key: string): void {
    const { clock, settings, metrics } = this.#options;
    const now = clock.monotonic();
    const { first } = this.#waiting;
    if (
      first !== undefined &&
      first.key !== key &&
      now - first.since >= settings.patienceMilliseconds &&
      this.#isFull
    ) {
      this.#close(connection, 'its place is needed for another user');
      return;
    }
    const waiter = this.#waiting.take(key);
    if (waiter !== undefined) {
      metrics.lent(this.server.pod, 'waited', (now - waiter.since) / 1000);
      waiter.resolve(this.#loan(connection, key));
      return;
    }
    this.#idle.add(connection, key);
    this.#openForWaiters();
  }

  get #isFull(): boolean {
    return this.#openedAt.size + this.#opening >= this.#options.settings.connectionsPerServer;
  }

  #ended(connection: BackendConnection, reason: BackendError): void {
    this.#openedAt.delete(connection);
    this.#idle.remove(connection);
    this.#options.metrics.ended(this.server.pod, reason.code);
    this.#openForWaiters();
  }

  #close(connection: BackendConnection, why: string): void {
    connection.destroy(new BackendError('Retired', `a connection to ${this.server.pod} was closed: ${why}`));
  }

  /** Whether a request of the pool's own succeeds; otherwise the connection is of no use any more. */
  #succeeds(
    connection: BackendConnection,
    request: (signal: AbortSignal) => Promise<void>,
  ): Promise<boolean> {
    const { clock, settings } = this.#options;
    return answersInTime(connection, () => request(this.#scope.signal), clock, settings.answerMilliseconds);
  }
}
