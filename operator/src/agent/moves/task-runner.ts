import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Pacing } from '../pacing.ts';
import { movesOfTask, type MoveTask, nameOfTask } from './decide-moves.ts';
import { databaseOfMove } from './move-database.ts';

interface RunningTask {
  readonly task: MoveTask;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

export interface TaskRunnerOptions {
  /** Rejects with what kept the task from being done. */
  readonly work: (task: MoveTask, signal: AbortSignal) => Promise<void>;
  readonly onFailed: (task: MoveTask, error: unknown) => void;
  /** Called when a task has ended, or may be tried again: what is to run may have changed. */
  readonly onIdle: () => void;
  readonly pacing: Pacing;
  readonly clock: Clock;
}

/** Longest pause before something is tried again that clients wait for. */
const URGENT_MILLISECONDS = 20;
/** Likewise, where there is no end to it. */
const GRANT_MILLISECONDS = 100;
/** A tail that is interrupted falls behind. */
const FOLLOW_MILLISECONDS = 1000;

/** Has exactly the wanted tasks run, each once at a time, and no two that would meet in one database. */
export class TaskRunner {
  readonly #options: TaskRunnerOptions;
  readonly #tasks = new Map<string, RunningTask>();
  #timer: Timer | null = null;
  #isClosed = false;

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
  }

  /** What runs, without what is being stopped. */
  get running(): readonly MoveTask[] {
    return [...this.#tasks.values()].filter(({ stop }) => !stop.signal.aborted).map(({ task }) => task);
  }

  /** Kinds of the tasks that work on a move, also while they are being stopped. */
  kindsOf(id: string): ReadonlySet<MoveTask['kind']> {
    const tasks = [...this.#tasks.values()].map(({ task }) => task);
    return new Set(tasks.filter((task) => worksOn(task, id)).map(({ kind }) => kind));
  }

  /** Stops what is not wanted, and begins what is, as soon as nothing that is being stopped is in its way. */
  want(tasks: readonly MoveTask[]): void {
    const wanted = new Set(tasks.map((task) => nameOfTask(task)));
    for (const [name, { stop }] of this.#tasks) {
      if (!wanted.has(name)) {
        stop.abort(new Error('the ShardMap no longer asks for it'));
      }
    }
    this.#timer?.cancel();
    this.#timer = null;
    let soonest = Infinity;
    for (const task of tasks) {
      if (this.#isClosed || this.#tasks.has(nameOfTask(task)) || this.#isObstructed(task)) {
        continue;
      }
      const delay = this.#options.pacing.delay(paceOf(task), longestPause(task));
      if (delay <= 0) {
        this.#begin(task);
      } else {
        soonest = Math.min(soonest, delay);
      }
    }
    if (soonest < Infinity) {
      this.#timer = this.#options.clock.setTimer(soonest, this.#options.onIdle);
    }
  }

  /** Stops everything for good, and resolves when it has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.want([]);
    await Promise.all([...this.#tasks.values()].map(({ ended }) => ended));
  }

  /** A task that is being stopped may still hold what this one needs. */
  #isObstructed(task: MoveTask): boolean {
    return [...this.#tasks.values()].some(
      (other) =>
        other.stop.signal.aborted &&
        (meet(task, other.task) ||
          (task.kind === 'follow' && other.task.kind === 'follow' && task.source === other.task.source)),
    );
  }

  #begin(task: MoveTask): void {
    const stop = new AbortController();
    const ended = this.#run(task, stop.signal);
    this.#tasks.set(nameOfTask(task), { task, stop, ended });
  }

  async #run(task: MoveTask, signal: AbortSignal): Promise<void> {
    const { work, onFailed, onIdle, pacing } = this.#options;
    // The caller notes that it runs before it can end.
    await Promise.resolve();
    try {
      await work(task, signal);
    } catch (error) {
      if (!signal.aborted) {
        onFailed(task, error);
      }
    }
    pacing.done(paceOf(task));
    this.#tasks.delete(nameOfTask(task));
    if (!this.#isClosed) {
      onIdle();
    }
  }
}

/** Whether both work in one database: the slot that was split is given by one move, and follows its parts by two others. */
function meet(one: MoveTask, other: MoveTask): boolean {
  const databases = new Set(movesOfTask(one).map(databaseOfMove));
  return movesOfTask(other).some((move) => databases.has(databaseOfMove(move)));
}

function worksOn(task: MoveTask, id: string): boolean {
  return movesOfTask(task).some((move) => move.id === id);
}

/** What has a pace of its own: one source is not called at more often for having more moves. */
function paceOf(task: MoveTask): string {
  return task.kind === 'follow' ? `follow ${task.source}` : nameOfTask(task);
}

function longestPause(task: MoveTask): number {
  const isUrgent = movesOfTask(task).some(({ phase }) => phase === 'Switching' || phase === 'Returning');
  if (isUrgent) {
    return URGENT_MILLISECONDS;
  }
  if (task.kind === 'grant') {
    return GRANT_MILLISECONDS;
  }
  return task.kind === 'follow' ? FOLLOW_MILLISECONDS : Infinity;
}
