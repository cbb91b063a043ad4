import { abortableWait } from '../../runtime/abort.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import { decideUser } from './decide-user.ts';
import { readStoredAccount, type StoredAccount, type UsersRow } from './global-priv.ts';
import type { UserDirectory, UserLookup } from './user-directory.ts';

export interface CachedUsersOptions {
  /** Rows of USERS_STATEMENT, from a primary, whichever answers. */
  readonly read: (signal: AbortSignal) => Promise<readonly UsersRow[]>;
  /** The router secret; asked for each time. */
  readonly secret: () => string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The users are read again after this time. */
  readonly refreshMilliseconds: number;
}

/** Users younger than this are not read again for a name they have: whoever guesses passwords must not load a primary. */
const FRESH_MILLISECONDS = 1000;

/** A name that is not among them may have come since, so they are read again, but not more often than this: names are guessed too. */
const UNKNOWN_NAME_PAUSE_MILLISECONDS = 200;

/** A login waits this long for fresh users, before those of the last reading have to do. */
const PATIENCE_MILLISECONDS = 500;

/**
 * As long where those are known to be out of date, since this process has changed the users: a password that was replaced must not
 * let anybody in because a primary is slow. Half of what a login may take.
 */
const PATIENCE_AFTER_CHANGE_MILLISECONDS = 5000;

/** Keeps the users of the last reading, and serves by them while no primary can be read. */
export class CachedUsers implements UserDirectory {
  readonly #options: CachedUsersOptions;
  #accounts: ReadonlyMap<string, readonly StoredAccount[]> = new Map();
  /** Monotonic time at which the last reading that succeeded began. */
  #readAt = -Infinity;
  #reading: Promise<void> | undefined;
  /** Counts invalidations: what a reading brings that began before one is out of date. */
  #generation = 0;

  constructor(options: CachedUsersOptions) {
    this.#options = options;
  }

  async find(user: string, signal: AbortSignal): Promise<UserLookup> {
    const { clock } = this.#options;
    if (!this.#accounts.has(user)) {
      await this.#readFor(user, signal);
    } else if (clock.monotonic() - this.#readAt >= FRESH_MILLISECONDS) {
      await this.#readSoon(signal);
    }
    return decideUser(this.#accounts.get(user) ?? [], this.#options.secret(), clock.now());
  }

  invalidate(): void {
    this.#generation += 1;
    this.#readAt = -Infinity;
    this.#reading = undefined;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, refreshMilliseconds, logger } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#read(signal);
      } catch (error) {
        if (!signal.aborted) {
          logger.warn('the users could not be read', errorFields(error));
        }
      }
      await clock.sleep(refreshMilliseconds, signal).catch(() => {});
    }
  }

  /** Reads until the user is there, or was not there after he was asked for. */
  async #readFor(user: string, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const asked = clock.monotonic();
    while (this.#readAt < asked && !this.#accounts.has(user)) {
      const pause = this.#readAt + UNKNOWN_NAME_PAUSE_MILLISECONDS - clock.monotonic();
      await (pause > 0 ? clock.sleep(pause, signal) : this.#read(signal));
    }
  }

  /** One reading at a time, whoever waits for it. */
  async #read(signal: AbortSignal): Promise<void> {
    const reading = (this.#reading ??= this.#readOnce());
    const wait = abortableWait<Promise<void>>(signal);
    const end = (): void => wait.resolve(reading);
    reading.then(end, end);
    await wait.promise;
  }

  /** As `#read`, for a bounded time, and without its failure. Where nothing was read since a change, for a longer one. */
  async #readSoon(signal: AbortSignal): Promise<void> {
    const wait = abortableWait<void>(signal);
    const patience = this.#readAt === -Infinity ? PATIENCE_AFTER_CHANGE_MILLISECONDS : PATIENCE_MILLISECONDS;
    const timer = this.#options.clock.setTimer(patience, () => wait.resolve());
    const end = (): void => wait.resolve();
    this.#read(signal).then(end, end);
    try {
      await wait.promise;
    } finally {
      timer.cancel();
    }
  }

  async #readOnce(): Promise<void> {
    const generation = this.#generation;
    const begun = this.#options.clock.monotonic();
    try {
      // Of no single login, and bounded by the limits of the pools it is read through.
      const rows = await this.#options.read(new AbortController().signal);
      if (generation === this.#generation) {
        this.#accounts = byName(rows);
        this.#readAt = begun;
      }
    } finally {
      if (generation === this.#generation) {
        this.#reading = undefined;
      }
    }
  }
}

function byName(rows: readonly UsersRow[]): ReadonlyMap<string, readonly StoredAccount[]> {
  return Map.groupBy(
    rows.map(readStoredAccount).filter((account) => account !== null),
    ({ user }) => user,
  );
}
