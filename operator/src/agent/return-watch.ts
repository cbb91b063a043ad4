import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import type { KeptItem, MemberFiles, VolumeState } from '../engines/member-files.ts';
import type { MemberState } from '../engines/member-state.ts';
import type { Lineage, Position } from '../engines/position.ts';
import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import { BrokenReplication } from './broken-replication.ts';
import type { ShardView } from './observation.ts';
import type { AgentState, ServerState } from './protocol/agent-state.ts';
import type { ReturnState, Vacated } from './protocol/return-state.ts';
import type { PrimaryView, ReturnFacts, TailView } from './return-facts.ts';
import type { LogEnds } from './volume-watch.ts';

export interface ReturnWatchOptions {
  readonly pod: string;
  readonly files: () => MemberFiles;
  readonly fetchState: (pod: string, signal: AbortSignal) => Promise<AgentState>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when there is something new to decide by. */
  readonly onNews: () => void;
}

/** What was seen besides, in the same pass. */
export interface Surroundings {
  readonly shard: ShardView;
  readonly server: ServerState;
  readonly volume: VolumeState | null;
  readonly ends: LogEnds | null;
  readonly member: MemberState | null;
  readonly freeBytes: number | null;
  /** Why what was received could not be applied after the start; null where it could, or was not tried. */
  readonly salvageFailure: string | null;
}

const FETCH_DEADLINE_MILLISECONDS = 2000;
/** Asked again after so long while something waits for the answer: a shard of two opens only when it is back. */
const FETCH_PAUSE_MILLISECONDS = 100;
/** An older answer says nothing about now. */
const FRESH_MILLISECONDS = 3000;
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
  view: { readonly at: number; readonly primary: PrimaryView } | null;
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
  #asking = false;
  #askedAt = -Infinity;
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
    const isFresh = scope.view !== null && now - scope.view.at <= FRESH_MILLISECONDS;
    return {
      epoch: scope.epoch,
      primary: scope.primary,
      tail: scope.tail,
      knownMilliseconds: now - scope.since,
      primaryView: isFresh && scope.view !== null ? scope.view.primary : null,
      startsWithTail: scope.startsWithTail,
      broken: this.#broken.found,
      givenUp: scope.givenUp,
      recentReclones: this.#reclones.filter((at) => now - at <= RECLONES_MILLISECONDS).length,
      freeBytes: this.#freeBytes,
    };
  }

  /** What the recorded primary has, whenever it last said so; null before. */
  get lineage(): Lineage | null {
    return this.#scope?.view?.primary.lineage ?? null;
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
    this.#broken.look(seen.member, seen.salvageFailure);
    const end = this.#endToExamine(seen);
    if (end === null) {
      scope.tail = { kind: 'none' };
      scope.examined = null;
    } else if (end === 'unread') {
      scope.tail = { kind: 'unexamined', missing: 'log' };
      scope.examined = null;
    } else {
      this.#examine(scope, end, runOf(seen.server), signal);
    }
    const isSettled = scope.tail.kind === 'none' || scope.tail.kind === 'shared';
    const isWanted = !isSettled || this.#broken.found !== null || scope.givenUp !== null;
    if (isWanted) {
      this.#ask(scope, signal);
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
    if (scope !== null && scope.tail.kind !== 'none') {
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
        view: null,
        examined: null,
        tail: { kind: 'unexamined', missing: 'log' },
        kept: null,
        startsWithTail: 0,
        givenUp: null,
      };
    }
    return this.#scope;
  }

  /** The end of the own log where this member wrote last; null where there can be no tail. */
  #endToExamine({ server, volume, ends, member }: Surroundings): Position | 'unread' | null {
    const files = this.#options.files();
    if (volume?.kind !== 'ready') {
      return null;
    }
    if (server.kind === 'ended') {
      if (ends === null) {
        return 'unread';
      }
      // A log that cannot be read can be neither kept nor compared: the server judges it by itself.
      return ends.own.kind === 'known' && files.wrote(ends.own.value) ? ends.own.value : null;
    }
    if (server.kind !== 'running' || server.role !== 'replica' || member === null) {
      return null;
    }
    const isReceiving = member.role.kind === 'replica' && member.role.following.receiving.kind === 'running';
    return !isReceiving && files.wrote(member.applied) ? member.applied : null;
  }

  #examine(scope: Scope, end: Position, run: string, signal: AbortSignal): void {
    const subject = `${run} ${end}`;
    if (scope.examined === subject) {
      return;
    }
    const { view } = scope;
    if (view === null || !view.primary.isPromoted) {
      scope.tail = { kind: 'unexamined', missing: 'primary' };
      return;
    }
    scope.examined = subject;
    scope.tail = { kind: 'unexamined', missing: 'log' };
    void this.#find(scope, subject, view.primary, signal);
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
        scope.examined = null;
      }
    }
  }

  #ask(scope: Scope, signal: AbortSignal): void {
    const { clock } = this.#options;
    if (!this.#asking && clock.monotonic() - this.#askedAt >= FETCH_PAUSE_MILLISECONDS) {
      this.#asking = true;
      this.#askedAt = clock.monotonic();
      void this.#fetch(scope, signal).finally(() => {
        this.#asking = false;
      });
    }
  }

  async #fetch(scope: Scope, signal: AbortSignal): Promise<void> {
    const { fetchState, clock, logger, onNews } = this.#options;
    const wasPromoted = scope.view?.primary.isPromoted ?? false;
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(FETCH_DEADLINE_MILLISECONDS)]);
      const view = viewOf(await fetchState(scope.primary, limit), scope.epoch);
      if (view !== null) {
        scope.view = { at: clock.monotonic(), primary: view };
        if (view.isPromoted !== wasPromoted) {
          onNews();
        }
      }
    } catch (error) {
      logger.debug('the primary does not tell what it has', {
        primary: scope.primary,
        ...errorFields(error),
      });
    }
  }
}

/** Null while it says nothing about this epoch. */
function viewOf({ epoch, member }: AgentState, wanted: number): PrimaryView | null {
  if (member === null || epoch !== wanted) {
    return null;
  }
  const { role, writable, acknowledgement, lineage } = member;
  const isOpen =
    role.kind === 'primary' && writable && member.epoch.kind === 'known' && member.epoch.value === wanted;
  const waitsForAcknowledger =
    role.kind === 'detached' && acknowledgement.rule === 'oneReplica' && acknowledgement.acknowledgers === 0;
  return {
    epoch,
    isPromoted: role.kind !== 'replica',
    isServing: isOpen || waitsForAcknowledger,
    acknowledgers: acknowledgement.acknowledgers,
    lineage,
  };
}

function runOf(server: ServerState): string {
  return server.kind === 'running' ? String(server.pid) : server.kind;
}
