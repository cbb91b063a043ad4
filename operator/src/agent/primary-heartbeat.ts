import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import { takesGuardedWrites } from './contact-fence.ts';
import type { ServerSession } from './server-session.ts';

export interface PrimaryHeartbeatOptions {
  readonly session: Pick<ServerSession, 'current' | 'state' | 'require'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when a replica is known to have acknowledged something at that time, in monotonic milliseconds. */
  readonly onAcknowledged: (at: number) => void;
}

const INTERVAL_MILLISECONDS = 400;
/** A heartbeat that takes longer is given up on; it stays sent. */
const DEADLINE_MILLISECONDS = 2000;

/** The heartbeat rows of an open primary, by which lag is seen, and what comes of them and of all other commits. */
export class PrimaryHeartbeat {
  readonly #options: PrimaryHeartbeatOptions;
  #begunAt = -Infinity;
  #underWay: Promise<void> = Promise.resolve();
  #seen = { pid: 0, commits: 0, at: -Infinity };

  constructor(options: PrimaryHeartbeatOptions) {
    this.#options = options;
  }

  /** Begins one on an open primary, where it is due. It waits for an acknowledgement like any commit. */
  begin(signal: AbortSignal): void {
    const { clock, logger, session } = this.#options;
    const member = session.state();
    const isDue = clock.monotonic() - this.#begunAt >= INTERVAL_MILLISECONDS;
    if (member?.role.kind !== 'primary' || member.epoch.kind !== 'known' || !isDue) {
      return;
    }
    this.#begunAt = clock.monotonic();
    this.#underWay = this.#write(member.epoch.value, takesGuardedWrites(member), signal).catch(
      (error: unknown) => logger.debug('heartbeat is not written', errorFields(error)),
    );
  }

  /** Resolves when the one under way, if there is one, is written or given up. */
  async whenWritten(): Promise<void> {
    await this.#underWay;
  }

  /** Counts what was acknowledged between two looks: at the first of them, as far as one can be certain. */
  noteLook(): void {
    const { current } = this.#options.session;
    const member = this.#options.session.state(Infinity);
    if (current === null || member === null) {
      return;
    }
    const { pid, observedAt: at } = current;
    const { acknowledgedCommits: commits } = member.acknowledgement;
    const before = this.#seen;
    if (before.pid === pid && commits > before.commits) {
      this.#options.onAcknowledged(before.at);
    }
    this.#seen = { pid, commits, at };
  }

  async #write(epoch: number, isGuarded: boolean, signal: AbortSignal): Promise<void> {
    const { session, clock, onAcknowledged } = this.#options;
    await session.require().writeHeartbeat(epoch, DEADLINE_MILLISECONDS, signal);
    if (isGuarded) {
      onAcknowledged(clock.monotonic());
    }
  }
}
