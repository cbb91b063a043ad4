/** One stream of a source, repeated here until something ends it. */
import type { Clock } from '../../../runtime/clock.ts';
import { EngineError } from '../../engine-error.ts';
import type { FollowOrder } from '../../slot-transfer.ts';
import { addGtid, type Gtid } from '../gtid.ts';
import { EVENT_TYPE, eventType, formatIdentity, readGroupStart } from './binlog-event.ts';
import type { BinlogStream } from './arrival-queue.ts';
import { EventFilter, type FinishedGroup, type ReplayStep } from './event-filter.ts';
import type { FollowedDatabases } from './followed-databases.ts';
import type { PartEvents } from './part-events.ts';
import { HeartbeatWatch } from './heartbeat-lag.ts';
import type { ReplaySession } from './replay-session.ts';
import type { TailGate } from './tail-gate.ts';

/** Bytes of events in one transaction here; a single one of the source may be larger, and goes out in parts. */
const BATCH_BYTES = 4 << 20;
/** How often progress is recorded that comes with no rows. */
const RECORD_MILLISECONDS = 1000;

/** What a run works with. */
export interface TailRunOptions {
  readonly stream: Pick<BinlogStream, 'arrivals'>;
  readonly session: Pick<ReplaySession, 'apply' | 'commit' | 'rollback' | 'setFormat'>;
  readonly databases: FollowedDatabases;
  /** Of databases that are called otherwise here, or get some rows only, by their name at the source. @default none */
  readonly parts?: ReadonlyMap<string, PartEvents>;
  readonly gate: TailGate;
  readonly events: Pick<FollowOrder, 'onPosition' | 'onLag' | 'onStopped'>;
  readonly clock: Clock;
}

/**
 * A database was stopped whose rows are in the open transaction, which is undone by ending the run; the next one goes on
 * without it. Or there is no database left.
 */
export class StoppedWithin extends Error {
  override readonly name = 'StoppedWithin';
}

/**
 * Everything that has arrived becomes one transaction here, so that a tail that is behind makes few of them, and one
 * that is not loses no time. A transaction of the source is never cut in two by ours.
 */
export class TailRun {
  readonly #options: TailRunOptions;
  readonly #filter: EventFilter;
  readonly #heartbeats = new HeartbeatWatch();
  /** The source's transactions that were taken. */
  readonly #seen: Map<number, Gtid>;
  #steps: ReplayStep[] = [];
  #bytes = 0;
  /** Databases that the open group has rows of here already; undefined while it has none. */
  #begun: Set<string> | undefined;
  #format = '';
  #recordedAt: number;
  /** When the newest change that was taken was made. */
  #newest: number | undefined;

  constructor(options: TailRunOptions) {
    const { databases, parts, clock } = options;
    this.#options = options;
    this.#seen = new Map(databases.start());
    this.#filter = new EventFilter(
      () => databases.names(),
      (database, gtid) => databases.wants(database, gtid),
      (database) => parts?.get(database),
    );
    this.#recordedAt = clock.monotonic();
  }

  /** Never resolves. Rejects as the stream and the session do, with {@link StoppedWithin}, or with the signal's reason. */
  async run(signal: AbortSignal): Promise<never> {
    const { stream, gate } = this.#options;
    for (;;) {
      if (this.#filter.open === undefined) {
        gate.rest(new Map(this.#seen));
      }
      for (const event of await stream.arrivals(signal)) {
        await this.#take(event, signal);
      }
      if (this.#begun === undefined) {
        await this.#flush(signal);
      }
      this.#tellLag();
    }
  }

  async #take(event: Buffer, signal: AbortSignal): Promise<void> {
    const type = eventType(event);
    if (type === EVENT_TYPE.formatDescription) {
      await this.#takeFormat(event, signal);
    } else if (type === EVENT_TYPE.gtid) {
      await this.#pass(readGroupStart(event).gtid, signal);
    }
    this.#newest = this.#heartbeats.take(event) ?? this.#newest;
    const group = this.#filter.take(event);
    if (group !== undefined) {
      await this.#end(group, signal);
    } else if (this.#filter.bytes >= BATCH_BYTES) {
      await this.#applyPart(signal);
    }
  }

  /** Waits at the gate, with everything before it applied. */
  async #pass(gtid: Gtid, signal: AbortSignal): Promise<void> {
    const { gate } = this.#options;
    if (!gate.admits(gtid)) {
      await this.#flush(signal);
      gate.rest(new Map(this.#seen));
      await gate.admission(gtid, signal);
    }
    gate.unrest();
  }

  async #takeFormat(event: Buffer, signal: AbortSignal): Promise<void> {
    const identity = formatIdentity(event);
    if (identity !== this.#format) {
      await this.#flush(signal);
      await this.#options.session.setFormat(event, signal);
      this.#format = identity;
    }
  }

  async #applyPart(signal: AbortSignal): Promise<void> {
    if (this.#begun === undefined) {
      await this.#flush(signal);
      this.#begun = new Set();
    }
    const steps = this.#filter.takeSteps();
    databasesOf(steps).forEach((database) => this.#begun?.add(database));
    await this.#options.session.apply(steps, signal);
  }

  async #end(group: FinishedGroup, signal: AbortSignal): Promise<void> {
    if (group.changed.size > 0) {
      await this.#stop(group.changed, signal);
    }
    if (this.#begun !== undefined) {
      await this.#endBegun(group, this.#begun, signal);
      return;
    }
    addGtid(this.#seen, group.gtid);
    if (group.commits && group.steps.some(({ kind }) => kind === 'rows')) {
      for (const step of group.steps) {
        this.#steps.push(step);
        this.#bytes += bytesOf(step);
      }
    }
    if (this.#bytes >= BATCH_BYTES) {
      await this.#flush(signal);
    }
  }

  /** Databases whose group cannot be repeated. What was before it is applied and recorded first. */
  async #stop(changed: ReadonlyMap<string, string>, signal: AbortSignal): Promise<void> {
    const { databases, events } = this.#options;
    const isWithin = [...changed.keys()].some((database) => this.#begun?.has(database) === true);
    if (this.#begun === undefined) {
      await this.#flush(signal);
    }
    for (const [database, words] of changed) {
      const moveId = databases.remove(database);
      if (moveId !== undefined) {
        const message = `${database} was changed at the source by ${words}, which a tail cannot repeat`;
        events.onStopped(moveId, new EngineError('DefinitionChanged', message));
      }
    }
    if (isWithin || databases.names().length === 0) {
      throw new StoppedWithin('a database was stopped within a transaction, or the last one');
    }
  }

  /** The end of a group of which a part is applied. */
  async #endBegun(group: FinishedGroup, begun: Set<string>, signal: AbortSignal): Promise<void> {
    const { session, databases } = this.#options;
    addGtid(this.#seen, group.gtid);
    if (group.commits) {
      await session.apply(group.steps, signal);
      databasesOf(group.steps).forEach((database) => begun.add(database));
      const progress = databases.stepsTo(this.#seen, begun);
      await session.commit(progress, signal);
      this.#advance(progress);
    } else {
      await session.rollback(signal);
    }
    this.#begun = undefined;
  }

  /** Applies whole groups, and records what was passed over when that is due. */
  async #flush(signal: AbortSignal): Promise<void> {
    const { session, databases, clock } = this.#options;
    const isDue = clock.monotonic() - this.#recordedAt >= RECORD_MILLISECONDS;
    const steps = this.#steps;
    this.#steps = [];
    this.#bytes = 0;
    await session.apply(steps, signal);
    const progress = databases.stepsTo(this.#seen, isDue ? undefined : databasesOf(steps));
    if (progress.length > 0 || steps.length > 0) {
      await session.commit(progress, signal);
    }
    if (isDue) {
      this.#recordedAt = clock.monotonic();
    }
    this.#advance(progress);
  }

  #advance(progress: ReturnType<FollowedDatabases['stepsTo']>): void {
    const { databases, events } = this.#options;
    for (const [moveId, position] of databases.advance(this.#seen, progress)) {
      events.onPosition(moveId, position);
    }
  }

  #tellLag(): void {
    const { events, clock } = this.#options;
    events.onLag(this.#newest === undefined ? null : Math.max(0, clock.now() - this.#newest));
  }
}

function databasesOf(steps: readonly ReplayStep[]): ReadonlySet<string> {
  return new Set(
    steps.flatMap((step) => (step.kind === 'rows' ? step.rows : [])).map(({ database }) => database),
  );
}

function bytesOf(step: ReplayStep): number {
  return step.kind === 'rows'
    ? [...step.maps, ...step.rows].reduce((sum, { event }) => sum + event.length, 0)
    : 0;
}
