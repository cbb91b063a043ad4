import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import type { ActionContext } from './action-context.ts';
import { act } from './actions.ts';
import type { Outcome } from './change-role.ts';
import { type Action, type Decision, isSameDecision, needsConfirmation } from './decision.ts';
import type { Observation } from './observation.ts';
import { createPacing, type Pacing } from './pacing.ts';
import type { AgentActivity, AgentProblem } from './protocol/agent-state.ts';

interface Running {
  readonly action: Action;
  /** What it was decided by: what it does itself must not look like a reason to end it. */
  readonly basis: Observation;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** How an action is checked against the map. */
export interface MapCheck {
  /** Whether the map, read now, leads to it. */
  readonly confirm: (signal: AbortSignal) => Promise<boolean>;
  /** The map it was decided by is as good as read now. */
  readonly isTrusted: boolean;
}

export interface ActionRunnerOptions {
  readonly context: Omit<ActionContext, 'onActivity'>;
  /** Called when the activity has changed. */
  readonly onActivity: () => void;
  /** Called when an action has ended, and what it did can be seen. */
  readonly onEnded: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Runs at most one action at a time, beside the loop, and keeps what became of it. */
export class ActionRunner {
  readonly #options: ActionRunnerOptions;
  readonly #pacing: Pacing;
  readonly #failures = new Map<Action['kind'], AgentProblem>();
  #running: Running | null = null;
  #activity: AgentActivity = { kind: 'idle' };

  constructor(options: ActionRunnerOptions) {
    this.#options = options;
    this.#pacing = createPacing(options.clock, options.random);
  }

  /** What is being done; null for nothing. */
  get action(): Action | null {
    return this.#running?.action ?? null;
  }

  get activity(): AgentActivity {
    return this.#activity;
  }

  /** The last failure of what is still being tried. */
  get failures(): readonly AgentProblem[] {
    return [...this.#failures.values()];
  }

  /** Resolves when the action under way has ended, however it did. */
  async whenEnded(): Promise<void> {
    await this.#running?.ended;
  }

  /** Milliseconds until an action of this kind may be tried again, at most so long after the last time. */
  delay(action: Action, longest?: number): number {
    return this.#pacing.delay(action.kind, longest);
  }

  /** Forgets the failures of what was given up for something else. */
  keepFailuresOf(decision: Decision): void {
    for (const kind of this.#failures.keys()) {
      if (kind !== decision.kind) {
        this.#failures.delete(kind);
      }
    }
  }

  /** Notes that an action could not even be begun. */
  refuse(action: Action, reason: string, message: string, error: unknown): void {
    this.#fail(action, { reason, message }, error);
  }

  /**
   * Begins an action that was decided by `basis`. Where it needs the map of this very moment, it is not taken when
   * `confirm` resolves with false, which says why by `refuse` if it matters.
   */
  begin(action: Action, basis: Observation, map: MapCheck, signal: AbortSignal): void {
    const stop = new AbortController();
    const ended = this.#run(action, map, signal, AbortSignal.any([signal, stop.signal]));
    this.#running = { action, basis, stop, ended };
  }

  /** Cuts a long action short when the map, as it is now, would not lead to it. */
  stopIfOvertaken(now: Pick<Observation, 'shard'>, decide: (observation: Observation) => Decision): void {
    if (this.#running === null) {
      return;
    }
    const { action, basis, stop } = this.#running;
    const isLong = action.kind === 'clone' || action.kind === 'initialise';
    const isSame = isSameDecision(decide({ ...basis, shard: now.shard }), action);
    if (isLong && !isSame && !stop.signal.aborted) {
      stop.abort(new Error('the ShardMap has changed'));
    }
  }

  /** Cuts the action under way short if it is of this kind, and resolves when that has ended. */
  async cancel(kind: Action['kind'], reason: string): Promise<void> {
    if (this.#running?.action.kind === kind) {
      this.#running.stop.abort(new Error(reason));
      await this.whenEnded();
    }
  }

  /** Cuts the action under way short, and resolves when it has ended. */
  async close(): Promise<void> {
    this.#running?.stop.abort(new Error('the agent stops'));
    await this.whenEnded();
  }

  async #run(
    action: Action,
    { confirm, isTrusted }: MapCheck,
    signal: AbortSignal,
    limit: AbortSignal,
  ): Promise<void> {
    const { context, logger, onActivity, onEnded } = this.#options;
    const setActivity = (activity: AgentActivity): void => {
      this.#activity = activity;
      onActivity();
    };
    let outcome: Outcome = 'done';
    try {
      if (isTrusted || !needsConfirmation(action) || (await confirm(limit))) {
        const isCurrent = (): Promise<boolean> => confirm(limit);
        outcome = await act({ ...context, onActivity: setActivity }, action, isCurrent, limit);
        this.#failures.delete(action.kind);
        logger.debug(outcome, { action: action.kind });
      }
    } catch (error) {
      if (!limit.aborted) {
        const text = error instanceof Error ? error.message : String(error);
        this.#fail(
          action,
          { reason: failureReason(action), message: `${action.kind} failed: ${text}` },
          error,
        );
      }
    }
    // What the next decision goes by must be later than what was done.
    await context.session.lookAgain(signal);
    this.#running = null;
    this.#activity = { kind: 'idle' };
    if (outcome === 'done') {
      this.#pacing.done(action.kind);
    }
    onEnded();
  }

  #fail(action: Action, problem: AgentProblem, error: unknown): void {
    const { logger } = this.#options;
    const fields = { action: action.kind, ...errorFields(error) };
    if (action.kind === 'connect') {
      // A server that starts does not answer at once.
      logger.debug(problem.message, fields);
      return;
    }
    if (this.#failures.get(action.kind)?.message !== problem.message) {
      logger.warn(problem.message, fields);
    }
    this.#failures.set(action.kind, problem);
  }
}

function failureReason({ kind }: Action): string {
  return `${kind.charAt(0).toUpperCase()}${kind.slice(1)}Failed`;
}
