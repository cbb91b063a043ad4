import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import { ContactFence, FENCE_TICK_MILLISECONDS, takesGuardedWrites } from './contact-fence.ts';
import type { LauncherClient } from './launcher-client.ts';
import type { AgentProblem } from './protocol/agent-state.ts';
import type { ServerSession } from './server-session.ts';

export interface ContactGuardOptions {
  readonly session: Pick<ServerSession, 'state'>;
  readonly launcher: Pick<LauncherClient, 'status' | 'kill'>;
  /** Longest time without contact, as the settings now say. */
  readonly fenceSeconds: () => number;
  /** Called at every tick in a silence that has lasted for a third of that: others may be asked. Returns at once. */
  readonly onSilence: (signal: AbortSignal) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Kills the server when its {@link ContactFence} says so, whatever else the agent is doing. */
export class ContactGuard {
  readonly #options: ContactGuardOptions;
  readonly #fence: ContactFence;
  #problem: AgentProblem | null = null;

  constructor(options: ContactGuardOptions) {
    this.#options = options;
    this.#fence = new ContactFence(options.clock.monotonic());
  }

  /** Why the server was killed; null once it serves again. */
  get problem(): AgentProblem | null {
    return this.#problem;
  }

  /** The operator that leads is there. */
  heardLeader(): void {
    this.#fence.heard(this.#options.clock.monotonic());
  }

  /** A replica has acknowledged something at that time, in monotonic milliseconds. */
  heardReplica(at: number): void {
    this.#fence.heard(at);
  }

  /** Watches until the signal aborts; then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(FENCE_TICK_MILLISECONDS, signal).catch(() => {});
      await this.#tick(signal);
    }
  }

  async #tick(signal: AbortSignal): Promise<void> {
    const { session, launcher, clock, fenceSeconds, onSilence } = this.#options;
    const now = clock.monotonic();
    // However old: a server that hangs is what it was.
    const member = session.state(Infinity);
    const isDown = launcher.status()?.server === null;
    if (isDown || member !== null) {
      const isOpen = !isDown && member !== null && takesGuardedWrites(member);
      this.#fence.note(isOpen, now);
      this.#problem = isOpen ? null : this.#problem;
    }
    const fenceMilliseconds = fenceSeconds() * 1000;
    if (this.#fence.isCutOff(fenceMilliseconds, now) && !signal.aborted) {
      await this.#kill(this.#fence.silence(now), signal);
    } else if (this.#fence.silence(now) >= fenceMilliseconds / 3) {
      onSilence(signal);
    }
  }

  async #kill(silence: number, signal: AbortSignal): Promise<void> {
    const { launcher, logger } = this.#options;
    const message =
      `The server was killed: neither the operator nor a replica was heard for ${Math.round(silence)} ms, and another ` +
      'member may have been promoted.';
    logger.error(message);
    this.#problem = { reason: 'CutOff', message };
    try {
      await launcher.kill(signal);
    } catch (error) {
      // Tried again at the next tick.
      logger.error('the server could not be killed', errorFields(error));
    }
  }
}
