import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import type { KeptItem, MemberFiles } from '../engines/member-files.ts';
import type { Lineage, Position } from '../engines/position.ts';
import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import { BrokenReplication } from './broken-replication.ts';
import { endToExamine, runOf, type Surroundings } from './examinable-end.ts';
import { PrimaryInquiry, type FetchState } from './primary-inquiry.ts';
import type { ReturnState, Vacated } from './protocol/return-state.ts';
import type { PrimaryView, ReturnFacts, TailView } from './return-facts.ts';
import type { LogEnds } from './volume-watch.ts';

export interface ReturnWatchOptions {
  readonly pod: string;
  readonly files: () => MemberFiles;
  readonly fetchState: FetchState;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when there is something new to decide by. */
  readonly onNews: () => void;
}

/** A person may have deleted something of it. */
const KEPT_MILLISECONDS = 30_000;
/** How long a clone counts as one of late. */
const RECLONES_MILLISECONDS = 3_600_000;

/** Everything about one epoch; another one starts afresh. */
interface Scope {
  readonly epoch: number;
  readonly primary: string;
  /** Monotonic milliseconds. */
  readonly since: number;
  readonly inquiry: PrimaryInquiry;
  /** What was examined: which run of the server, up to where its log went. */
  examined: string | null;
  tail: TailView;
  kept: KeptItem | null;
  startsWithTail: number;
  givenUp: string | null;
}

/** Finds out, beside everything else, whether this member's history is the recorded primary's. */
export class ReturnWatch {
  readonly #options: ReturnWatchOptions;
  readonly #broken: BrokenReplication;
  #scope: Scope | null = null;
  #freeBytes: number | null = null;
  readonly #reclones: number[] = [];
  #kept: readonly KeptItem[] = [];
  #keptAt = -Infinity;
  #vacated: Vacated | null = null;
  #ends: LogEnds | null = null;

  constructor(options: ReturnWatchOptions) {
    this.#options = options;
    this.#broken = new BrokenReplication(options.clock);
  }

  /** The facts as last seen; null where the map names no other primary. */
  get facts(): ReturnFacts | null {
    const scope = this.#scope;
    if (scope === null) {
      return null;
    }
    const now = this.#options.clock.monotonic();
    return {
      epoch: scope.epoch,
      primary: scope.primary,
      tail: scope.tail,
      knownMilliseconds: now - scope.since,
      primaryView: scope.inquiry.fresh,
      startsWithTail: scope.startsWithTail,
      broken: this.#broken.found,
      givenUp: scope.givenUp,
      recentReclones: this.#reclones.filter((at) => now - at <= RECLONES_MILLISECONDS).length,
      freeBytes: this.#freeBytes,
    };
  }

  /** What the recorded primary has, whenever it last said so; null before. */
  get lineage(): Lineage | null {
    return this.#scope?.inquiry.last?.lineage ?? null;
  }

  /** What of it others are told. */
  get state(): ReturnState {
    return { kept: this.#kept, vacated: this.#vacated, leavingAckers: this.#leavingAckers() };
  }

  /** Only when the server is down: then it acknowledges nothing any more. */
  #leavingAckers(): ReturnState['leavingAckers'] {
    const ends = this.#ends;
    if (
      (this.#scope?.givenUp ?? null) === null ||
      ends?.own.kind !== 'known' ||
      ends.received.kind !== 'known'
    ) {
      return null;
    }
    // What it wrote itself it has not acknowledged to anybody.
    const own = this.#options.files().wrote(ends.own.value) ? [] : [ends.own.value];
    return { holds: [ends.received.value, ...own] };
  }

  /** Looks; what takes long goes on beside, and `onNews` is called when it has ended. */
  look(seen: Surroundings, signal: AbortSignal): void {
    this.#freeBytes = seen.freeBytes;
    this.#ends = seen.ends;
    if (this.#options.clock.monotonic() - this.#keptAt >= KEPT_MILLISECONDS) {
      void this.lookAtKept(signal);
    }
    const shard = seen.shard.kind === 'known' ? seen.shard.shard : null;
    const scope = this.#enter(shard);
    if (scope === null) {
      return;
    }
    this.#broken.look(seen.member, seen.replicationFailure);
    const end = endToExamine(seen, this.#options.files());
    if (end === null || end === 'unreadable') {
      scope.tail = end === null ? { kind: 'none' } : { kind: 'unreadable' };
      scope.examined = null;
    } else if (end === 'unread') {
      scope.tail = { kind: 'unexamined', missing: 'log' };
      scope.examined = null;
    } else {
      this.#examine(scope, end, runOf(seen.server), signal);
    }
    const isSettled = ['none', 'unreadable', 'shared'].includes(scope.tail.kind);
    const isWanted = !isSettled || this.#broken.found !== null || scope.givenUp !== null;
    if (isWanted) {
      scope.inquiry.ask(signal);
    }
  }

  /** The tail was kept. */
  noteKept(item: KeptItem | null): void {
    const scope = this.#scope;
    if (scope !== null) {
      scope.kept = item;
      if (scope.tail.kind === 'found') {
        scope.tail = item === null ? { kind: 'shared' } : { ...scope.tail, kept: item };
      }
    }
  }

  /** A server is being started; what is found of its log before says nothing about it after. */
  noteStart(): void {
    const scope = this.#scope;
    if (scope !== null && scope.tail.kind !== 'none' && scope.tail.kind !== 'unreadable') {
      scope.startsWithTail += scope.tail.kind === 'found' ? 1 : 0;
      scope.tail = { kind: 'unexamined', missing: 'log' };
      scope.examined = null;
    }
  }

  /** From now on the data is to be made anew. */
  noteGivenUp(reason: string): void {
    if (this.#scope !== null) {
      this.#scope.givenUp = reason;
    }
  }

  /** The data directory is gone. */
  noteVacated(vacated: Vacated): void {
    this.#vacated = vacated;
    this.#reclones.push(this.#options.clock.monotonic());
    this.#scope = null;
    this.#broken.reset();
  }

  /** Looks at what is kept on the volume. */
  async lookAtKept(signal: AbortSignal): Promise<void> {
    this.#keptAt = this.#options.clock.monotonic();
    try {
      this.#kept = await this.#options.files().listKept(signal);
    } catch (error) {
      this.#options.logger.warn('what is kept on the volume cannot be listed', errorFields(error));
    }
  }

  #enter(shard: ShardMapShard | null): Scope | null {
    const { pod } = this.#options;
    if (shard === null || shard.primary === null || shard.primary === pod) {
      this.#scope = null;
      this.#broken.reset();
      return null;
    }
    if (this.#scope?.epoch !== shard.epoch || this.#scope.primary !== shard.primary) {
      this.#broken.reset();
      this.#scope = {
        epoch: shard.epoch,
        primary: shard.primary,
        since: this.#options.clock.monotonic(),
        inquiry: new PrimaryInquiry(this.#options, shard.primary, shard.epoch),
        examined: null,
        tail: { kind: 'unexamined', missing: 'log' },
        kept: null,
        startsWithTail: 0,
        givenUp: null,
      };
    }
    return this.#scope;
  }

  #examine(scope: Scope, end: Position, run: string, signal: AbortSignal): void {
    const subject = `${run} ${end}`;
    if (scope.examined === subject) {
      return;
    }
    const view = scope.inquiry.last;
    if (view === null || !view.isPromoted) {
      scope.tail = { kind: 'unexamined', missing: 'primary' };
      return;
    }
    scope.examined = subject;
    scope.tail = { kind: 'unexamined', missing: 'log' };
    void this.#find(scope, subject, view, signal);
  }

  async #find(scope: Scope, subject: string, { lineage }: PrimaryView, signal: AbortSignal): Promise<void> {
    const { files, logger, onNews } = this.#options;
    try {
      const tail = await files().findTail(lineage, signal);
      if (scope.examined === subject) {
        scope.tail = tail === null ? { kind: 'shared' } : { kind: 'found', tail, kept: scope.kept };
        if (tail !== null) {
          logger.warn('this member has changes that the primary does not have', { ...tail });
        }
        onNews();
      }
    } catch (error) {
      if (!signal.aborted) {
        logger.warn('the own log cannot be compared with what the primary has', errorFields(error));
        scope.tail = { kind: 'unreadable' };
        onNews();
      }
    }
  }
}
