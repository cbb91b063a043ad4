import type { MoveLimits, ShardMapMove } from '../../api/v1alpha1/index.ts';
import type { MemberSession } from '../../engines/member-session.ts';
import type { Position } from '../../engines/position.ts';
import type { RecordedProgress, Tail } from '../../engines/slot-transfer.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import { createPacing } from '../pacing.ts';
import type { MoveReport } from '../protocol/move-report.ts';
import { decideMoves, movesOfTask, type MoveTask } from './decide-moves.ts';
import { describeMove } from './describe-move.ts';
import type { MemberSources } from './member-sources.ts';
import { databaseOfMove } from './move-database.ts';
import { MoveRecord } from './move-record.ts';
import { MoveSweeper } from './move-sweeper.ts';
import { asMoveError } from './move-task-context.ts';
import { work } from './move-tasks.ts';
import { OwnPositionReader } from './own-position.ts';
import { TaskRunner } from './task-runner.ts';

/** What moves need of a session with the server. */
export type MovesSession = Pick<MemberSession, 'slots'>;

export interface MovesTermOptions {
  /** Number of this shard. */
  readonly shard: number;
  readonly session: MovesSession;
  readonly epoch: number;
  readonly sources: Pick<MemberSources, 'choose' | 'avoid' | 'hold'>;
  /** Of the map as it was last seen. */
  readonly revision: () => number;
  readonly limits: () => MoveLimits | null;
  readonly confirm: (move: ShardMapMove, signal: AbortSignal) => Promise<boolean>;
  /** Identities of the moves of this shard on the map, read now. */
  readonly readIds: (signal: AbortSignal) => Promise<ReadonlySet<string>>;
  /** Called when what is to run may have changed, or what clients wait for. */
  readonly onChange: () => void;
  /** Called when figures have changed. */
  readonly onFigures: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
}

const READ_AGAIN_MILLISECONDS = 500;

/** The moves of a shard, as long as this member is its open primary in one epoch and one session. */
export class MovesTerm {
  readonly #options: MovesTermOptions;
  readonly #records = new Map<string, MoveRecord>();
  readonly #tails = new Map<number, Tail>();
  readonly #runner: TaskRunner;
  readonly #ownPosition: OwnPositionReader;
  readonly #stop = new AbortController();
  #recorded: readonly RecordedProgress[] | null = null;
  #reading: Promise<void> | null = null;
  #preparing: Promise<void> | null = null;
  readonly #sweeper: MoveSweeper;

  constructor(options: MovesTermOptions) {
    const { clock, logger, random, session, onChange, readIds } = options;
    this.#options = options;
    this.#sweeper = new MoveSweeper({ transfer: session.slots.transfer, readIds, clock, logger });
    this.#runner = new TaskRunner({
      work: (task, signal) => this.#work(task, signal),
      onFailed: (task, error) => this.#noteFailure(task, error),
      onIdle: onChange,
      pacing: createPacing(clock, random),
      clock,
    });
    this.#ownPosition = new OwnPositionReader({
      readEnd: (signal): Promise<Position> => session.slots.readEnd(signal),
      onRead: onChange,
      logger,
    });
  }

  /** Whether this is the term of that session in that epoch. */
  isOf(open: { readonly session: MovesSession; readonly epoch: number } | null): boolean {
    return open !== null && open.session === this.#options.session && open.epoch === this.#options.epoch;
  }

  /** Takes over the moves of the map, and has run what they ask for. */
  update(moves: readonly ShardMapMove[]): void {
    const { shard } = this.#options;
    this.#keepRecords(moves);
    const wanted = decideMoves({
      shard,
      moves,
      facts: (id) => this.#require(id).facts(),
      running: this.#runner.running,
    });
    // It needs the tail, which comes about soon after.
    this.#runner.want(wanted.filter((task) => task.kind !== 'verify' || this.#tailOf(task.move.id) !== null));
    this.#keepUp();
  }

  /** What is told of the moves, in their order. */
  reports(isUpkept: boolean): readonly MoveReport[] {
    const { shard, epoch } = this.#options;
    return [...this.#records].map(([id, record]) =>
      describeMove(record, { shard, epoch, isUpkept, running: this.#runner.kindsOf(id) }),
    );
  }

  /** See `ShardMoves.pendingRights`. */
  pendingRights(): readonly string[] {
    return [...this.#records.values()]
      .filter(({ awaitsRights }) => awaitsRights)
      .map(({ move }) => databaseOfMove(move));
  }

  /** Moves whose rows are read now. */
  movesInBulk(): readonly ShardMapMove[] {
    return this.#runner.running.flatMap((task) =>
      task.kind === 'copy' || task.kind === 'verify' ? [task.move] : [],
    );
  }

  /** Stops everything, and resolves when it has ended. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('this member is no longer the open primary of its epoch'));
    await this.#runner.close();
    await this.#reading;
    await this.#preparing;
    await this.#sweeper.whenIdle();
  }

  /** Forgets moves that have left the map, and begins with what the database records of new ones. */
  #keepRecords(moves: readonly ShardMapMove[]): void {
    const { shard, clock } = this.#options;
    const ids = new Set(moves.map(({ id }) => id));
    const gone = [...this.#records.keys()].filter((id) => !ids.has(id));
    gone.forEach((id) => this.#records.delete(id));
    this.#sweeper.update(gone.length > 0, this.#stop.signal);
    if (moves.length > 0 && this.#recorded === null) {
      this.#reading ??= this.#readRecorded();
    }
    for (const move of moves) {
      const record = this.#records.get(move.id);
      if (record === undefined) {
        const made = new MoveRecord(shard, move, null, clock);
        this.#records.set(move.id, made);
        this.#takeRecorded(made);
        this.#preparing ??= this.#prepare();
      } else {
        record.note(move);
      }
    }
  }

  /** Before clients wait for it. What fails is made up for by whoever gives or takes rights. */
  async #prepare(): Promise<void> {
    const { session, logger } = this.#options;
    try {
      await session.slots.fence.prepare(this.#stop.signal);
    } catch (error) {
      logger.debug('nothing is ready to give or take rights', errorFields(error));
    }
    this.#preparing = null;
  }

  async #readRecorded(): Promise<void> {
    const { session, clock, logger, onChange } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted && this.#recorded === null) {
      try {
        this.#recorded = await session.slots.transfer.readProgress(signal);
        this.#records.forEach((record) => this.#takeRecorded(record));
        onChange();
      } catch (error) {
        logger.warn('what is recorded of moves cannot be read', errorFields(error));
        await clock.sleep(READ_AGAIN_MILLISECONDS, signal).catch(() => {});
      }
    }
  }

  #takeRecorded(record: MoveRecord): void {
    if (this.#recorded !== null) {
      const found = this.#recorded.find(({ moveId }) => moveId === record.move.id);
      record.hasCopy = found !== undefined;
      record.position = found?.position ?? null;
    }
  }

  #work(task: MoveTask, signal: AbortSignal): Promise<void> {
    const { session, sources, revision, limits, confirm, clock, logger, onChange } = this.#options;
    return work(
      {
        slots: session.slots,
        record: (id) => this.#records.get(id),
        revision,
        limits,
        chooseSource: (shard, use, limit) => sources.choose(shard, use, limit),
        avoid: (pod) => sources.avoid(pod),
        hold: (shard, pod) => sources.hold(shard, pod),
        confirm,
        tailOf: (id) => this.#tailOf(id),
        setTail: (source, tail) => {
          if (tail === null) {
            this.#tails.delete(source);
          } else {
            this.#tails.set(source, tail);
            onChange();
          }
        },
        changed: () => this.#noteFigures(),
        clock,
        logger,
      },
      task,
      AbortSignal.any([signal, this.#stop.signal]),
    );
  }

  #noteFigures(): void {
    this.#keepUp();
    this.#options.onFigures();
  }

  #noteFailure(task: MoveTask, error: unknown): void {
    const { logger } = this.#options;
    const reason = asMoveError(error);
    const ids = movesOfTask(task).map(({ id }) => id);
    for (const record of ids.flatMap((id) => this.#records.get(id) ?? [])) {
      if (record.error?.message !== reason.message) {
        logger.warn('work on a move failed', {
          move: record.move.id,
          task: task.kind,
          ...errorFields(error),
        });
      }
      record.error = reason;
    }
  }

  /** Clients wait for whoever is to open next, and needs the end of its own history. */
  #keepUp(): void {
    this.#ownPosition.keepUp(
      () => [...this.#records.values()].filter((record) => this.#isTaking(record)),
      this.#stop.signal,
    );
  }

  #isTaking({ move }: MoveRecord): boolean {
    const { shard } = this.#options;
    return (
      (move.phase === 'Switching' && move.to === shard) || (move.phase === 'Returning' && move.from === shard)
    );
  }

  #tailOf(id: string): Tail | null {
    const task = this.#runner.running.find(
      (running) => running.kind === 'follow' && running.moves.some((move) => move.id === id),
    );
    return task?.kind === 'follow' ? (this.#tails.get(task.source) ?? null) : null;
  }

  #require(id: string): MoveRecord {
    const record = this.#records.get(id);
    if (record === undefined) {
      throw new Error(`no record of the move ${id}`);
    }
    return record;
  }
}
