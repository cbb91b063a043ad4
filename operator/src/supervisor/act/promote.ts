import type { ShardMapShard } from '../../api/v1alpha1/index.ts';
import type { PromotionReason, PromotionReport } from '../../core/instance-report.ts';
import type { Position, PositionArithmetic } from '../../engines/position.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { withoutPrimary, withWinner } from '../change-shard-map.ts';
import type { ElectionWishes, FinalPosition } from '../election-input.ts';
import type { ShardObservation } from '../observe-shard.ts';
import type { Refusal } from '../refusal.ts';
import type { ShardEdit } from '../shard-map-writer.ts';
import type { SupervisorMetrics } from '../supervisor-metrics.ts';
import { decideWinner } from './decide-winner.ts';
import { Fencing, type SendCommand } from './fence-members.ts';
import { isPreparable, Preparation } from './prepare-members.ts';
import { describePromotion, PromotionRecord } from './promotion-record.ts';

/** Something of a promotion that people should hear of, as an event. */
export interface PromotionNews {
  readonly kind: 'PrimaryLost' | 'Promoted' | 'PromotedWithLoss' | 'SwitchedOver';
  readonly note: string;
}

/** Why a primary is replaced. */
export interface PromotionCause {
  readonly reason: PromotionReason;
  /** Milliseconds from the primary's failure until now. */
  readonly detectedMilliseconds: number;
  /** Whom to take among equals; null for anybody. */
  readonly preferred: string | null;
  /** A request for a switchover that is carried out with this, as it stands in its annotation; null for none. */
  readonly request: string | null;
  /** Where the log of a primary ends that was closed for a switchover, and whose successor has all of it; null for any other. */
  readonly closedAt: Position | null;
}

export interface PromotionOptions {
  readonly send: SendCommand;
  /** Writes the map of this shard; see `ShardMapWriter.change`. */
  readonly change: (edit: ShardEdit, signal: AbortSignal) => Promise<ShardMapShard | undefined>;
  /** Has the next pass made at once. */
  readonly wake: () => void;
  readonly positions: PositionArithmetic;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<SupervisorMetrics, 'promoted'>;
  readonly onNews: (news: PromotionNews | null) => void;
}

/** What replicas answer while the first write is under way counts for so long. Agents heed the order for five seconds. */
const EARLY_MILLISECONDS = 400;

/**
 * Replaces the primary of one shard, in two writes of the map and what lies between. Each step may be the last of this
 * instance of the operator: the next finds everything it needs in the map and with the members, and goes on.
 */
export class Promotion {
  readonly #options: PromotionOptions;
  #fencing: Fencing | null = null;
  #preparation: Preparation | null = null;
  /** Of the promotion under way, or the last one; also where nobody knows whether its first write came through. */
  #record: PromotionRecord | null = null;
  #report: PromotionReport | null = null;
  #preferred: string | null = null;
  /** A primary that this instance has closed, by the epoch that followed. */
  #closed: { readonly epoch: number; readonly at: Position } | null = null;
  #refusal: Refusal | null = null;

  constructor(options: PromotionOptions) {
    this.#options = options;
  }

  /** Why the promotion under way has no winner; null while nothing is in its way, or none is under way. */
  get refusal(): Refusal | null {
    return this.#refusal;
  }

  /** The last one that has a winner; null for none. */
  get report(): PromotionReport | null {
    return this.#report;
  }

  /** Leaves what is under way to itself; it can be gone on with. */
  close(): void {
    this.#fencing?.close();
    this.#fencing = null;
    this.#preparation = null;
  }

  /**
   * The first write: from now on agents start and open nothing, and clients wait. False when somebody else has written
   * meanwhile.
   */
  async begin(cause: PromotionCause, observation: ShardObservation, signal: AbortSignal): Promise<boolean> {
    const { change, clock, logger, wake, onNews } = this.#options;
    const { shard, hasOpened } = observation;
    const { reason, request, preferred } = cause;
    const record = new PromotionRecord(clock, { epoch: shard.epoch + 1, from: shard.primary, reason });
    record.note('detect', cause.detectedMilliseconds);
    this.#record = record;
    this.#preferred = preferred;
    this.#closed = cause.closedAt === null ? null : { epoch: shard.epoch + 1, at: cause.closedAt };
    // Somebody else's write, whatever it was, is reason enough to look again.
    const edit: ShardEdit = (present) =>
      isSameTerm(present, shard) ? withoutPrimary(present, hasOpened, request) : undefined;
    const changed = acknowledgesNothing(reason)
      ? await this.#stopMeanwhile(observation, () => change(edit, signal))
      : await change(edit, signal);
    wake();
    if (changed === undefined) {
      return false;
    }
    record.end('decide');
    const { from, epoch } = record;
    logger.warn('a primary is given up', { from, reason, epoch });
    if (reason !== 'Switchover') {
      const note = `${from} is given up as the primary of ${shard.name} (${reason}); epoch ${epoch} begins.`;
      onNews({ kind: 'PrimaryLost', note });
    }
    return true;
  }

  /** What lies between, as far as it can go now, and the second write. */
  async proceed(observation: ShardObservation, wishes: ElectionWishes, signal: AbortSignal): Promise<void> {
    const { change, clock, positions, logger, wake, onNews } = this.#options;
    const { shard } = observation;
    const fencing = this.#fencingOf(shard);
    const record = this.#recordOf(shard);
    fencing.proceed(observation, this.#preparation !== null);
    const { answers, isWaiting, elapsed, formerEnd } = fencing;
    const isFenced = fencing.isFenced(observation);
    const progress = { answers, isWaiting, elapsed, isFenced, formerEnd };
    // Among equals, whoever has a head start keeps it.
    const preferred = this.#preparation?.winner ?? this.#preferred;
    const step = decideWinner(observation, progress, { ...wishes, preferred }, positions);
    this.#refusal = step.kind === 'blocked' ? step.refusal : null;
    if (step.kind === 'blocked') {
      return;
    }
    const candidate = step.kind === 'publish' ? step.winner : step.candidate;
    if (candidate !== undefined) {
      this.#prepare(candidate, observation, fencing.settled);
    }
    if (step.kind !== 'publish') {
      return;
    }
    const { winner, mayMiss } = step;
    record.end('fence');
    const promotedAt = new Date(clock.now()).toISOString();
    const changed = await change(
      (present) =>
        // Another acker may hold what this election did not ask for.
        isSameTerm(present, shard) && isSameSet(present.ackers, shard.ackers)
          ? withWinner(present, winner, promotedAt)
          : undefined,
      signal,
    );
    wake();
    if (changed !== undefined) {
      record.end('publish');
      record.published(winner, mayMiss);
      this.#report = record.report;
      this.close();
      logger.warn('a winner is on the map', { winner, epoch: shard.epoch, mayMiss });
      onNews(null);
    }
  }

  /** Watches the winner until it takes writes. */
  follow(observation: ShardObservation): void {
    const { shard } = observation;
    if (shard.primary !== null) {
      this.close();
      this.#refusal = null;
    }
    if (this.#record?.follow(observation) !== true) {
      return;
    }
    const { report } = this.#record;
    if (report !== null) {
      const { metrics, logger, onNews } = this.#options;
      this.#report = report;
      const note = describePromotion(shard.name, report);
      metrics.promoted(report);
      logger.info('a promotion is complete', { ...report });
      onNews({ kind: kindOf(report), note });
    }
  }

  /**
   * Has the replicas stop receiving while the first write is under way. Their answers count only if that was over
   * before their agents may take the order for one that nothing came of.
   */
  async #stopMeanwhile<T>(
    observation: ShardObservation,
    write: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const { clock } = this.#options;
    const startedAt = clock.monotonic();
    const { epoch } = observation.shard;
    this.#fencingOf({ epoch: epoch + 1 }).proceedEarly(observation);
    let isInTime = false;
    try {
      const written = await write();
      isInTime = written !== undefined && clock.monotonic() - startedAt <= EARLY_MILLISECONDS;
      return written;
    } finally {
      if (!isInTime) {
        this.close();
      }
    }
  }

  #fencingOf({ epoch }: Pick<ShardMapShard, 'epoch'>): Fencing {
    if (this.#fencing?.epoch === epoch) {
      return this.#fencing;
    }
    const { send, clock, logger, positions, wake } = this.#options;
    this.close();
    const hasDrained = ({ received, applied }: FinalPosition): boolean => positions.covers(applied, received);
    const closedAt = this.#closed?.epoch === epoch ? this.#closed.at : null;
    this.#fencing = new Fencing({ epoch, closedAt, send, hasDrained, clock, logger, onNews: wake });
    return this.#fencing;
  }

  /** Has the members get ready for the second write, which goes on meanwhile. */
  #prepare(winner: string, observation: ShardObservation, settled: ReadonlyMap<string, FinalPosition>): void {
    const { epoch } = observation.shard;
    const isBegun = this.#preparation?.winner === winner;
    if (!isBegun && isPreparable(observation, settled, winner)) {
      const { send, clock, logger } = this.#options;
      this.#preparation = new Preparation({ epoch, winner, send, clock, logger });
    }
    if (this.#preparation?.winner === winner) {
      this.#preparation.proceed(observation, settled);
    }
  }

  /** The record of the promotion under way, also of one that another instance began. */
  #recordOf({ epoch, formerPrimary }: ShardMapShard): PromotionRecord {
    if (this.#record?.epoch !== epoch) {
      const about = { epoch, from: formerPrimary ?? null, reason: 'Resumed' } as const;
      this.#preferred = null;
      this.#record = new PromotionRecord(this.#options.clock, about);
    }
    return this.#record;
  }
}

function kindOf({ reason, mayBeMissing }: PromotionReport): PromotionNews['kind'] {
  if (mayBeMissing !== null) {
    return 'PromotedWithLoss';
  }
  return reason === 'Switchover' ? 'SwitchedOver' : 'Promoted';
}

/** Whether the primary has ended, or is closed: then nothing new is acknowledged whatever its replicas do. */
function acknowledgesNothing(reason: PromotionReason): boolean {
  return reason === 'ServerEnded' || reason === 'Switchover';
}

function isSameTerm(left: ShardMapShard, right: ShardMapShard): boolean {
  return left.epoch === right.epoch && left.primary === right.primary;
}

function isSameSet(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((each) => right.includes(each));
}
