import type { Clock } from '../../runtime/clock.ts';
import type { BackendMetrics } from '../metrics/backend-metrics.ts';
import { answersInTime } from './answer-in-time.ts';
import type { BackendConnection, BackendServer } from './backend-connection.ts';
import { BackendError } from './backend-error.ts';
import type { LendRequest, Loan, PoolStats } from './backend-pool.ts';
import { type IdleConnection, IdleConnections } from './idle-connections.ts';
import { poolKey } from './pool-key.ts';
import type { PoolSettings } from './pool-settings.ts';
import { StatementAllowance } from './statement-allowance.ts';
import { waitForLoan } from './wait-for-loan.ts';
import { type Waiter, WaitingList } from './waiting-list.ts';

export interface ServerPoolOptions {
  readonly server: BackendServer;
  readonly settings: PoolSettings;
  readonly clock: Clock;
  readonly metrics: BackendMetrics;
  readonly connect: Connect;
}

/** Makes a connection, within the time a login may take. The statements are those of all connections to its server. */
export type Connect = (
  request: LendRequest,
  sharedStatements: StatementAllowance,
  signal: AbortSignal,
) => Promise<BackendConnection>;

type TakeBack = (connection: BackendConnection, key: string, clean: boolean) => void;

/** A connection that is lent until it is given back, once. */
class PoolLoan implements Loan {
  readonly connection: BackendConnection;
  readonly #key: string;
  readonly #take: TakeBack;
  #isOut = true;

  constructor(connection: BackendConnection, key: string, take: TakeBack) {
    this.connection = connection;
    this.#key = key;
    this.#take = take;
  }

  giveBack({ clean }: { readonly clean: boolean }): void {
    if (this.#isOut) {
      this.#isOut = false;
      this.#take(this.connection, this.#key, clean);
    }
  }
}

/** The connections to one server. */
export class ServerPool {
  readonly server: BackendServer;
  readonly #options: ServerPoolOptions;
  readonly #idle: IdleConnections;
  readonly #waiting = new WaitingList<Loan>();
  readonly #statements: StatementAllowance;
  /** Everything that is open, and when it was opened. */
  readonly #openedAt = new Map<BackendConnection, number>();
  readonly #scope = new AbortController();
  readonly #take: TakeBack = (connection, key, clean) => this.#takeBack(connection, key, clean);
  #opening = 0;
  #closedDatabases: ReadonlySet<string> = new Set();
  #retired: BackendError | undefined;

  constructor(options: ServerPoolOptions) {
    this.server = options.server;
    this.#options = options;
    this.#statements = new StatementAllowance(options.settings.sharedStatements);
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
  lend(request: LendRequest, signal: AbortSignal): Loan | Promise<Loan> {
    if (this.#retired !== undefined) {
      return Promise.reject(this.#retired);
    }
    const key = poolKey(request);
    const idle = this.#idle.take(key, request.surroundings);
    return idle !== undefined && this.#isFresh(idle)
      ? this.#lendIdle(idle)
      : this.#lendLater(request, key, idle, signal);
  }

  /** Tries the idle connections, beginning with `first`, and waits for one where none answers. It may retire meanwhile. */
  async #lendLater(
    request: LendRequest,
    key: string,
    first: IdleConnection | undefined,
    signal: AbortSignal,
  ): Promise<Loan> {
    for (let idle = first; idle !== undefined; idle = this.#idle.take(key, request.surroundings)) {
      const { connection } = idle;
      if (this.#isFresh(idle) || (await this.#succeeds(connection, (probe) => connection.ping(probe)))) {
        return this.#lendIdle(idle);
      }
    }
    if (this.#retired !== undefined) {
      throw this.#retired;
    }
    return waitForLoan(this.#options, this.#waiting, { request, key }, () => this.#openForWaiters(), signal);
  }

  /** Whether it was used so lately that it need not be asked whether it still works. */
  #isFresh({ since }: IdleConnection): boolean {
    const { clock, settings } = this.#options;
    return clock.monotonic() - since < settings.probeMilliseconds;
  }

  #lendIdle({ connection, key }: IdleConnection): Loan {
    this.#options.metrics.lent(this.server.pod, 'idle', 0);
    return this.#loan(connection, key);
  }

  /** Has all connections leave these databases: idle ones now, others when they are given back or have nothing to do. */
  closeDatabases(databases: ReadonlySet<string>): void {
    this.#closedDatabases = databases;
    for (const connection of this.#openedAt.keys()) {
      this.#leave(connection);
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

  /** Opens a connection for each waiter that has none under way, as far as the limits go. */
  #openForWaiters(): void {
    if (this.#waiting.length <= this.#opening) {
      return;
    }
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
      const connection = await connect(request, this.#statements, this.#scope.signal);
      this.#opening -= 1;
      metrics.opened(pod, (clock.monotonic() - begun) / 1000);
      this.#openedAt.set(connection, clock.monotonic());
      void connection.ended.then((reason) => this.#ended(connection, reason));
      if (this.#retired === undefined) {
        this.#offer(connection, key, clock.monotonic());
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
    return new PoolLoan(connection, key, this.#take);
  }

  #takeBack(connection: BackendConnection, key: string, clean: boolean): void {
    const { clock, settings } = this.#options;
    if (connection.failure !== undefined) {
      return;
    }
    const now = clock.monotonic();
    const openedAt = this.#openedAt.get(connection) ?? 0;
    if (now - openedAt >= settings.ageMilliseconds) {
      this.#close(connection, 'it is old');
    } else if (clean && connection.isClean) {
      this.#leave(connection);
      this.#offer(connection, key, now);
    } else {
      void this.#resetAndOffer(connection, key);
    }
  }

  async #resetAndOffer(connection: BackendConnection, key: string): Promise<void> {
    const { clock, metrics } = this.#options;
    metrics.reset(this.server.pod);
    if (await this.#succeeds(connection, (signal) => connection.reset(signal))) {
      this.#leave(connection);
      this.#offer(connection, key, clock.monotonic());
    }
  }

  /** Whoever borrows it meanwhile waits behind the answer. */
  #leave(connection: BackendConnection): void {
    const databases = this.#closedDatabases;
    if (databases.size > 0) {
      void this.#succeeds(connection, (signal) => connection.leave(databases, signal));
    }
  }

  /** To whoever waits, else to the idle ones. */
  #offer(connection: BackendConnection, key: string, now: number): void {
    const { settings, metrics } = this.#options;
    const { first } = this.#waiting;
    if (first === undefined) {
      this.#idle.add(connection, key, now);
      return;
    }
    if (first.key !== key && now - first.since >= settings.patienceMilliseconds && this.#isFull) {
      this.#close(connection, 'its place is needed for another user');
      return;
    }
    const waiter = this.#waiting.take(key);
    if (waiter !== undefined) {
      metrics.lent(this.server.pod, 'waited', (now - waiter.since) / 1000);
      waiter.resolve(this.#loan(connection, key));
      return;
    }
    this.#idle.add(connection, key, now);
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
