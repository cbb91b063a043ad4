import type { ApiClient } from '../client/api-client.ts';
import { isApiError } from '../client/api-error.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { errorFields } from '../logger.ts';
import type { RuntimeMetrics } from '../metrics/metrics.ts';
import { noMetrics } from '../metrics/metrics.ts';
import type { Lease } from '../resources.ts';
import { leases } from '../resources.ts';
import { withScope } from '../abort.ts';
import { acquiredLease, releasedLease, renewedLease } from './lease.ts';

export interface LeaderElectionOptions {
  /** Where the Lease lives. */
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Unique to this process; the pod's name plus something random. */
  readonly identity: string;
  /** How long a holder that fell silent is respected; whole seconds. @default 5000 */
  readonly leaseMilliseconds?: number;
  /** After this long without a successful renewal the holder gives up. @default 3000 */
  readonly renewDeadlineMilliseconds?: number;
  /** Pause between attempts; shorter where a lease that is respected ends before. @default 1000 */
  readonly retryMilliseconds?: number;
}

export interface LeaderElectorOptions extends LeaderElectionOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** @default none */
  readonly metrics?: RuntimeMetrics;
}

/** The Lease could not be renewed in time: another process may lead now, so this one must stop acting at once. */
export class LeadershipLostError extends Error {
  override readonly name = 'LeadershipLostError';
  readonly code = 'LeadershipLost';
}

/**
 * Election by a Lease, with client-go's algorithm. It keeps two correct processes from leading at once as long
 * as clocks run at about the same speed; it does not stop a paused process from writing late. What must not be
 * done twice needs a fence of its own.
 */
export interface LeaderElector {
  isLeader(): boolean;
  /** Resolves when this process holds the Lease. Failures are retried; rejects only with the signal's reason. */
  acquire(signal: AbortSignal): Promise<void>;
  /** Renews until the signal aborts, then resolves, still holding; rejects with {@link LeadershipLostError}. */
  hold(signal: AbortSignal): Promise<void>;
  /**
   * Lets go of the Lease, so that another need not wait for its end. Only when nothing acts in its name any
   * more. Failures are logged.
   */
  release(signal: AbortSignal): Promise<void>;
}

export function createLeaderElector(options: LeaderElectorOptions): LeaderElector {
  const leaseMilliseconds = options.leaseMilliseconds ?? 5000;
  const renewDeadline = options.renewDeadlineMilliseconds ?? 3000;
  const retryMilliseconds = options.retryMilliseconds ?? 1000;
  if (!(leaseMilliseconds > renewDeadline && renewDeadline > retryMilliseconds && retryMilliseconds > 0)) {
    throw new RangeError('the lease must outlast the renewal deadline, and that the pause between attempts');
  }
  return new LeaseElector(options, leaseMilliseconds, renewDeadline, retryMilliseconds);
}

/** Attempts are spread by up to this share of the pause, so that candidates do not keep colliding. */
const JITTER = 0.2;
/** After a failed renewal the next is tried sooner, by this share of the usual pause: the deadline is near. */
const FAILED_PAUSE_SHARE = 0.25;

class LeaseElector implements LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: RuntimeMetrics;
  readonly #leaseMilliseconds: number;
  readonly #renewDeadline: number;
  readonly #retryMilliseconds: number;
  /** The Lease as last seen, and when it was first seen so, by our clock: the holder's clock may differ. */
  #observed: { readonly lease: Lease; readonly at: number } | undefined;
  /** When the last successful renewal was sent; the server got it no earlier. */
  #renewedAt = -Infinity;
  #leading = false;
  /** So that a request that hangs leaves time for others before the deadline. */
  readonly #attemptMilliseconds: number;

  constructor(
    options: LeaderElectorOptions,
    leaseMilliseconds: number,
    renewDeadline: number,
    retryMilliseconds: number,
  ) {
    this.#options = options;
    this.#clock = options.clock;
    this.#logger = options.logger.child({ lease: options.name, identity: options.identity });
    this.#metrics = options.metrics ?? noMetrics;
    this.#leaseMilliseconds = leaseMilliseconds;
    this.#renewDeadline = renewDeadline;
    this.#retryMilliseconds = retryMilliseconds;
    this.#attemptMilliseconds = renewDeadline / 3;
    this.#metrics.leader(options.name, false);
  }

  isLeader(): boolean {
    return this.#leading;
  }

  async acquire(signal: AbortSignal): Promise<void> {
    this.#logger.info('waiting to become the leader');
    while (!(await this.#attempt(this.#attemptMilliseconds, signal))) {
      const pause = Math.min(this.#retryMilliseconds, this.#untilExpiry());
      await this.#clock.sleep(pause + this.#retryMilliseconds * JITTER * this.#options.random(), signal);
    }
    this.#setLeading(true);
    this.#logger.info('became the leader');
  }

  async hold(signal: AbortSignal): Promise<void> {
    let pause = this.#retryMilliseconds;
    while (!signal.aborted) {
      const left = this.#untilDeadline();
      if (left <= 0) {
        this.#setLeading(false);
        throw new LeadershipLostError(
          `lease ${this.#options.namespace}/${this.#options.name} was not renewed in ${this.#renewDeadline} ms`,
        );
      }
      try {
        await this.#clock.sleep(Math.min(left, pause), signal);
        const limit = Math.min(this.#untilDeadline(), this.#attemptMilliseconds);
        const isRenewed = limit > 0 && (await this.#attempt(limit, signal));
        pause = isRenewed ? this.#retryMilliseconds : this.#retryMilliseconds * FAILED_PAUSE_SHARE;
      } catch (error) {
        if (!signal.aborted) {
          throw error;
        }
      }
    }
  }

  async release(signal: AbortSignal): Promise<void> {
    const { client, namespace, name, identity } = this.#options;
    let lease = this.#observed?.lease;
    this.#setLeading(false);
    try {
      for (let attempts = 0; lease?.spec?.holderIdentity === identity; attempts += 1) {
        try {
          await client.replace(leases, releasedLease(lease, this.#clock.now()), {}, signal);
          this.#logger.info('released the lease');
          return;
        } catch (error) {
          if (attempts > 0 || !isApiError(error, 'Conflict')) {
            throw error;
          }
          // The last renewal was cut short by the stop, and took effect all the same.
          lease = await client.get(leases, { namespace, name }, signal);
        }
      }
    } catch (error) {
      this.#logger.warn('could not release the lease', errorFields(error));
    } finally {
      this.#observed = undefined;
    }
  }

  /** Milliseconds until leadership is lost unless a renewal succeeds. */
  #untilDeadline(): number {
    return this.#renewedAt + this.#renewDeadline - this.#clock.monotonic();
  }

  #setLeading(leading: boolean): void {
    if (this.#leading !== leading) {
      this.#leading = leading;
      this.#metrics.leader(this.#options.name, leading);
    }
  }

  /** Takes or renews the Lease, within `milliseconds`. False when another holds it or a request failed. */
  async #attempt(milliseconds: number, outer: AbortSignal): Promise<boolean> {
    return withScope(outer, async (signal, scope) => {
      const timer = this.#clock.setTimer(milliseconds, () => scope.abort(new Error('attempt took too long')));
      try {
        return await this.#takeOrRenew(signal);
      } catch (error) {
        outer.throwIfAborted();
        if (isApiError(error, 'Conflict', 'AlreadyExists')) {
          this.#logger.debug('another candidate was faster', errorFields(error));
        } else {
          this.#logger.warn('could not take or renew the lease', errorFields(error));
        }
        return false;
      } finally {
        timer.cancel();
      }
    });
  }

  async #takeOrRenew(signal: AbortSignal): Promise<boolean> {
    const { client, namespace, name, identity } = this.#options;
    const started = this.#clock.monotonic();
    const succeed = (lease: Lease): true => {
      this.#observed = { lease, at: started };
      this.#renewedAt = started;
      return true;
    };
    const seconds = Math.ceil(this.#leaseMilliseconds / 1000);
    const renewal = { identity, seconds, now: this.#clock.now() };

    if (this.#leading && this.#observed?.lease.spec?.holderIdentity === identity) {
      try {
        return succeed(await client.replace(leases, renewedLease(this.#observed.lease, renewal), {}, signal));
      } catch (error) {
        if (!isApiError(error, 'Conflict', 'NotFound')) {
          throw error;
        }
      }
    }
    const lease = await client.get(leases, { namespace, name }, signal);
    if (lease === undefined) {
      const draft: Lease = { metadata: { namespace, name } };
      return succeed(await client.create(leases, acquiredLease(draft, renewal), signal));
    }
    this.#observe(lease);
    const holder = lease.spec?.holderIdentity ?? '';
    if (holder === identity) {
      return succeed(await client.replace(leases, renewedLease(lease, renewal), {}, signal));
    }
    if (this.#leading) {
      // Whoever holds it now found our renewals missing for a whole lease. Nothing here may go on.
      this.#renewedAt = -Infinity;
      return false;
    }
    if (holder !== '' && !this.#isExpired(lease)) {
      return false;
    }
    return succeed(await client.replace(leases, acquiredLease(lease, renewal), {}, signal));
  }

  #observe(lease: Lease): void {
    if (this.#observed?.lease.metadata?.resourceVersion !== lease.metadata?.resourceVersion) {
      this.#observed = { lease, at: this.#clock.monotonic() };
    }
  }

  /** Milliseconds until the Lease that was last seen ends, should its holder not renew it; Infinity for none to wait for. */
  #untilExpiry(): number {
    const { lease, at } = this.#observed ?? { lease: undefined, at: 0 };
    const left = at + (lease?.spec?.leaseDurationSeconds ?? 0) * 1000 - this.#clock.monotonic();
    return left > 0 ? left : Infinity;
  }

  /** Whether the Lease has not changed for as long as its holder claimed it. */
  #isExpired(lease: Lease): boolean {
    const claimed = (lease.spec?.leaseDurationSeconds ?? 0) * 1000;
    return this.#observed !== undefined && this.#clock.monotonic() >= this.#observed.at + claimed;
  }
}
