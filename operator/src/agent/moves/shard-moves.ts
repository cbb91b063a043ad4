/**
 * The moves of a shard, as the agent of its open primary works on them: at every change it compares what the map asks for
 * with what runs. What has been reached is in the databases; whatever is in memory can be lost.
 */
import type { ShardMapMove } from '../../api/v1alpha1/index.ts';
import type { MemberState } from '../../engines/member-state.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { MoveReport } from '../protocol/move-report.ts';
import type { ShardMapReader } from '../shard-map-reader.ts';
import { otherShard, saysOfDatabases } from './map-moves.ts';
import { MemberSources, type MemberSourcesOptions } from './member-sources.ts';
import { type MovesSession, MovesTerm } from './moves-term.ts';
import {
  createSourceWatch,
  type SourceWatch,
  type SourceWatchOptions,
  type WatchedShard,
} from './source-watch.ts';

export interface ShardMovesOptions extends Pick<
  MemberSourcesOptions,
  'address' | 'account' | 'usage' | 'clock'
> {
  /** Number of this shard, and the pod beside which the agent stands. */
  readonly shard: number;
  readonly pod: string;
  readonly shardMap: Pick<ShardMapReader, 'view' | 'read'>;
  readonly session: {
    /** Null while there is none. */
    readonly current: { readonly session: MovesSession; readonly databasesDigest: string } | null;
    /** What the server was last seen to be, at most so many milliseconds ago; null where it was not. */
    readonly state: (longest: number) => MemberState | null;
  };
  /** What the agent of a member of any shard tells. */
  readonly fetchState: SourceWatchOptions['fetchState'];
  /** Called when `reports` has changed. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Figures change all the time; who reads them wants no more than so many. */
const REPORT_MILLISECONDS = 250;

/** See above. */
export class ShardMoves {
  readonly #options: ShardMovesOptions;
  readonly #watch: SourceWatch;
  readonly #sources: MemberSources;
  #term: MovesTerm | null = null;
  /** The end of the former term, while it is under way. */
  #ending: Promise<void> | null = null;
  #reports: readonly MoveReport[] = [];
  #timer: Timer | null = null;
  #isClosed = false;

  constructor(options: ShardMovesOptions) {
    const { clock, logger, fetchState, address, account, usage } = options;
    this.#options = options;
    this.#watch = createSourceWatch({ watched: () => this.#watchedShards(), fetchState, clock, logger });
    this.#sources = new MemberSources({
      watch: this.#watch,
      shard: (number) => this.#mapMoves()?.shards.find((shard) => shard.number === number),
      ownShard: () => this.#ownShard(),
      limits: () => this.#mapMoves()?.limits ?? null,
      address,
      account,
      usage,
      clock,
    });
  }

  /** What is told of every move that this shard has a part in; empty unless this member is its open primary. */
  reports(): readonly MoveReport[] {
    return this.#reports;
  }

  /** Whether nothing of a move runs, nor ends. */
  get isIdle(): boolean {
    return this.#term === null && this.#ending === null;
  }

  /** Databases that users are to have rights on, though not before something has ended that works on them. */
  pendingRights(): readonly string[] {
    return this.#term?.pendingRights() ?? [];
  }

  /** Compares what is to be with what is. To be called whenever one of them may have changed. */
  update(): void {
    if (this.#isClosed) {
      return;
    }
    const due = this.#openTerm();
    if (this.#term !== null && !this.#term.isOf(due)) {
      const former = this.#term;
      this.#term = null;
      this.#ending = former.close().finally(() => {
        this.#ending = null;
        this.update();
      });
    }
    if (this.#term === null && due !== null && this.#ending === null) {
      this.#term = this.#begin(due.session, due.epoch);
    }
    this.#term?.update(this.#mapMoves()?.moves ?? []);
    this.#tell();
  }

  /** Keeps an eye on other members until the signal aborts; then stops everything, and resolves when it has ended. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#watch.run(signal);
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#ending;
    await this.#term?.close();
  }

  #begin(session: MovesSession, epoch: number): MovesTerm {
    const { shard, clock, logger, random } = this.#options;
    return new MovesTerm({
      shard,
      session,
      epoch,
      sources: this.#sources,
      revision: () => this.#mapMoves()?.revision ?? 0,
      limits: () => this.#mapMoves()?.limits ?? null,
      confirm: (move, signal) => this.#confirm(move, epoch, signal),
      readIds: (signal) => this.#readIds(epoch, signal),
      onChange: () => this.update(),
      onFigures: () => this.#tellSoon(),
      clock,
      logger,
      random,
    });
  }

  /** The session, and the epoch, in which this member is the open primary that the map names; null where it is not. */
  #openTerm(): { readonly session: MovesSession; readonly epoch: number } | null {
    const { shardMap, session, pod } = this.#options;
    const view = shardMap.view();
    // Old as it may be: a server that is slow to answer goes on with what it does.
    const member = session.state(Infinity);
    const current = session.current;
    if (view.kind !== 'known' || view.shard.primary !== pod || member === null || current === null) {
      return null;
    }
    if (!saysOfDatabases(view)) {
      // What the database records of moves may be needed to make the map whole again.
      return null;
    }
    const { epoch } = view.shard;
    const isOpen = member.role.kind === 'primary' && member.writable;
    return isOpen && member.epoch.kind === 'known' && member.epoch.value === epoch
      ? { session: current.session, epoch }
      : null;
  }

  async #confirm(move: ShardMapMove, epoch: number, signal: AbortSignal): Promise<boolean> {
    const view = await this.#options.shardMap.read(signal);
    if (view.kind !== 'known' || view.shard.primary !== this.#options.pod || view.shard.epoch !== epoch) {
      return false;
    }
    const now = view.moves?.moves.find(({ id }) => id === move.id);
    return now?.phase === move.phase;
  }

  /** Rejects where this member is no longer the primary. */
  async #readIds(epoch: number, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const view = await this.#options.shardMap.read(signal);
    if (view.kind !== 'known' || view.shard.primary !== this.#options.pod || view.shard.epoch !== epoch) {
      throw new Error('the map has changed');
    }
    return new Set(view.moves?.moves.map(({ id }) => id));
  }

  #mapMoves() {
    const view = this.#options.shardMap.view();
    return view.kind === 'known' ? view.moves : undefined;
  }

  #ownShard() {
    const view = this.#options.shardMap.view();
    return view.kind === 'known' ? view.shard : undefined;
  }

  /** Only while rows are read: nobody else asks how members are. */
  #watchedShards(): readonly WatchedShard[] {
    const own = this.#ownShard();
    const moves = this.#term?.movesInBulk() ?? [];
    if (own === undefined || moves.length === 0) {
      return [];
    }
    const numbers = new Set(moves.map((move) => otherShard(move, own.number)));
    return [own, ...(this.#mapMoves()?.shards.filter(({ number }) => numbers.has(number)) ?? [])];
  }

  #tell(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const { session, shardMap } = this.#options;
    const view = shardMap.view();
    const digest = view.kind === 'known' ? view.databases?.digest : undefined;
    const isUpkept = digest !== undefined && session.current?.databasesDigest === digest;
    const reports = this.#term?.reports(isUpkept) ?? [];
    if (JSON.stringify(reports) !== JSON.stringify(this.#reports)) {
      this.#reports = reports;
      this.#options.onChange();
    }
  }

  #tellSoon(): void {
    this.#timer ??= this.#options.clock.setTimer(REPORT_MILLISECONDS, () => {
      this.#timer = null;
      this.#tell();
    });
  }
}
