import type { RunningServer } from '../launcher/protocol.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Unresponsiveness } from './protocol/agent-state.ts';
import type { ServerSession } from './server-session.ts';

export interface ServerProbeOptions {
  readonly session: Pick<ServerSession, 'current' | 'probe'>;
  /** The server that runs; null for none. */
  readonly server: () => Pick<RunningServer, 'pid' | 'startedAt'> | null;
  readonly processorTime: (pid: number) => Promise<number | null>;
  /** Called when `unresponsive` has changed. */
  readonly onChange: () => void;
  readonly clock: Clock;
}

/** How often a server that answers is asked, and a silence is measured. Cheaper than a look by far. */
const INTERVAL_MILLISECONDS = 250;
/** A silence that is shorter is nobody's business: statements of others may be heavy. */
const LEAST_MILLISECONDS = 500;
/** A server that has run for so long should answer, also one that this agent has never heard. */
const LONGEST_START_MILLISECONDS = 60_000;

/** Finds out whether the server still answers, by a question that needs nothing but the server itself. */
export class ServerProbe {
  readonly #options: ServerProbeOptions;
  /** The server that has answered last, or should have; one that starts is not unresponsive. */
  #answeredPid: number | null = null;
  #isAsking = false;
  /** Whether something was asked since the last answer. */
  #isUnanswered = false;
  #silence = 0;
  #tickedAt: number;
  /** Processor time of the server when it fell silent. */
  #usedBefore: number | null = null;
  #unresponsive: Unresponsiveness | null = null;

  constructor(options: ServerProbeOptions) {
    this.#options = options;
    this.#tickedAt = options.clock.monotonic();
  }

  /** Null while the server answers, or none runs. */
  get unresponsive(): Unresponsiveness | null {
    return this.#unresponsive;
  }

  /** Probes until the signal aborts; then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#tick(signal);
      await this.#options.clock.sleep(INTERVAL_MILLISECONDS, signal).catch(() => {});
    }
  }

  async #tick(signal: AbortSignal): Promise<void> {
    const { clock, session } = this.#options;
    const now = clock.monotonic();
    const passed = now - this.#tickedAt;
    this.#tickedAt = now;
    const server = this.#options.server();
    if (server === null || (this.#answeredPid !== null && server.pid !== this.#answeredPid)) {
      this.#answeredPid = null;
      this.#noteAnswer();
      return;
    }
    const { pid, startedAt } = server;
    if (clock.now() - startedAt >= LONGEST_START_MILLISECONDS) {
      this.#answeredPid = pid;
    }
    if (this.#answeredPid !== null && (this.#isUnanswered || session.current === null)) {
      // What this process was held up by itself counts for two ticks at most: the answer may be there, unread.
      this.#silence += Math.min(passed, 2 * INTERVAL_MILLISECONDS);
      await this.#noteSilence(pid);
    }
    if (!this.#isAsking && session.current !== null) {
      void this.#ask(pid, signal);
    }
  }

  async #ask(pid: number, signal: AbortSignal): Promise<void> {
    this.#isAsking = true;
    this.#isUnanswered = true;
    try {
      await this.#options.session.probe(signal);
      this.#answeredPid = pid;
      this.#noteAnswer();
    } catch {
      // The silence goes on, and is measured.
    } finally {
      this.#isAsking = false;
    }
  }

  #noteAnswer(): void {
    this.#isUnanswered = false;
    this.#silence = 0;
    this.#usedBefore = null;
    if (this.#unresponsive !== null) {
      this.#unresponsive = null;
      this.#options.onChange();
    }
  }

  async #noteSilence(pid: number): Promise<void> {
    const used = await this.#options.processorTime(pid);
    if (this.#silence === 0) {
      // It has answered meanwhile.
      return;
    }
    this.#usedBefore ??= used;
    if (this.#silence >= LEAST_MILLISECONDS) {
      // Where it cannot be told, the server gets the time that one at work gets.
      const usedProcessor = used === null || used !== this.#usedBefore;
      this.#unresponsive = { forMilliseconds: this.#silence, usedProcessor };
      this.#options.onChange();
    }
  }
}
